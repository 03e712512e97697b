-- What the contact policy stopped lately, and who followed links lately, is asked for by time.
create index life_held on messaging.life (tenant_id, settled_at) where message_state = 'held';
create index later_message_held on messaging.later_message (tenant_id, settled_at) where state = 'held';
create index link_click_at on messaging.link_click (tenant_id, at);
