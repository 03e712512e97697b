-- Rows that change with nearly every event of a member: with room on their pages they change in place, and no index has
-- to be told. Without it 1 in 80 did.
alter table loyalty.quest_run set (fillfactor = 60);
alter table loyalty.tier_standing set (fillfactor = 60);
alter table loyalty.streak set (fillfactor = 60);
alter table loyalty.achievement set (fillfactor = 60);
alter table loyalty.score set (fillfactor = 60);
