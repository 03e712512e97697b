create table events.source_file (
  tenant_id      text        not null,
  source_id      text        not null,
  name           text        not null,
  content_id     text        not null,
  size_bytes     bigint      not null,
  modified_ms    double precision not null,
  sha256         text        not null,
  read_bytes     bigint      not null,
  lines          bigint      not null,
  rows           bigint      not null,
  accepted       bigint      not null,
  duplicates     bigint      not null,
  rejected       bigint      not null,
  same_as        text,
  error          text,
  started_at     timestamptz not null,
  finished_at    timestamptz,
  primary key (tenant_id, source_id, content_id, name)
);
create index source_file_newest on events.source_file (tenant_id, source_id, started_at desc);
comment on table events.source_file is
  'What was read of the files in a watched folder: how far, so that a killed reader goes on where the last durable row ended, and which content, so that the same file under another name has no effect. The ids of events follow from content_id and the row number; a file that has grown goes on where it ended, with a row and a content_id of its own.';
comment on column events.source_file.modified_ms is
  'The file''s own time stamp. Name, size and this one being as they were saves reading the file again to learn that nothing changed.';
call platform.isolate('events.source_file');
