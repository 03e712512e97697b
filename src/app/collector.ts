import { setFlagsFromString } from 'node:v8'

/*
 * How often memory is collected. Bytes of buffers count against a limit that V8 derives from the few megabytes of its
 * own heap; buffers come and go here by tens of megabytes a second, and whole heaps were marked several times a second
 * for it, at a third of the server's processor time. With these a heap may grow to four times of what lives in it, and
 * a thread's young objects have room to die in. It must come before anything that starts a thread.
 */
setFlagsFromString('--heap-growing-percent=300')
setFlagsFromString('--min-semi-space-size=32')
