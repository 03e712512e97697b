alter table profiles.subscriber add column txid xid8 not null default pg_current_xact_id();
comment on column profiles.subscriber.txid is
  'The transaction that wrote the row last, so that other processes can read only what has changed.';
-- With the subscriber's number, so that the many rows of one transaction can be read in pages.
create index subscriber_by_transaction on profiles.subscriber (tenant_id, txid, subscriber_id);
