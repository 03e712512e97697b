alter table profiles.consent add column txid xid8 not null default pg_current_xact_id();
comment on column profiles.consent.txid is
  'The transaction that wrote the row last, so that senders hear of a withdrawn consent before they send.';
create index consent_by_transaction on profiles.consent (tenant_id, txid);
