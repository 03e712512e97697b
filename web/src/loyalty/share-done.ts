/** How far a step is, 0 to 1; what goes beyond it is not shown. */
export const shareDone = ({ amount, reach }: { amount: string; reach: string }): number =>
  BigInt(reach) === 0n ? 1 : Math.min(1, Number(BigInt(amount)) / Number(BigInt(reach)))
