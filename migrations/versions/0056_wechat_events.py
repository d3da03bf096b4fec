"""What WeChat tells us by itself, kept before it is applied; the ledger knows its words."""

from alembic import op

revision = "0056"
down_revision = "0055"

OLD = "'accepted', 'rejected', 'banned', 'filtered', 'sent', 'refused'"
NEW = "'confirmed', 'declined', 'switched_off', 'brought_forward'"
ENTRIES = """
ALTER TABLE credit DROP CONSTRAINT ck_credit_entry;
ALTER TABLE credit ADD CONSTRAINT ck_credit_entry CHECK (entry IN ({entries})) NOT VALID;
"""
UP = """
CREATE TABLE wechat_event (
  id uuid CONSTRAINT pk_wechat_event PRIMARY KEY,
  key bytea NOT NULL CONSTRAINT uq_wechat_event_key UNIQUE,
  name text NOT NULL,
  openid text COLLATE "C",
  account_id uuid CONSTRAINT fk_wechat_event_account_id_account REFERENCES account (id),
  told varchar(40),
  template_id text,
  msgid bigint,
  errcode integer,
  happened_at timestamptz NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  state varchar(40) NOT NULL,
  failures integer NOT NULL DEFAULT 0,
  next_at timestamptz NOT NULL DEFAULT now(),
  error text,
  CONSTRAINT ck_wechat_event_told
    CHECK (told IN ('accepted', 'rejected', 'switched_off', 'delivered', 'failed')),
  CONSTRAINT ck_wechat_event_eventstate
    CHECK (state IN ('stored', 'applied', 'ignored', 'unmatched', 'quarantined')),
  CONSTRAINT ck_wechat_event_openid_while_sought
    CHECK (openid IS NULL OR state IN ('stored', 'quarantined')),
  CONSTRAINT ck_wechat_event_told_unless_ignored
    CHECK (state = 'ignored' OR (told IS NOT NULL AND template_id IS NOT NULL))
);
CREATE INDEX ix_wechat_event_next_at ON wechat_event (next_at) WHERE state = 'stored';
CREATE INDEX ix_wechat_event_received_at ON wechat_event (received_at);
CREATE INDEX ix_wechat_event_account_id ON wechat_event (account_id);
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_message_msgid ON message (msgid) WHERE msgid IS NOT NULL;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_message_unheard_of ON message (account_id, template_id)
  WHERE msgid IS NULL AND state IN ('sent', 'unknown');
"""
DOWN = """
DROP INDEX ix_message_unheard_of, ix_message_msgid;
DROP TABLE wechat_event;
"""


def upgrade() -> None:
    op.execute(UP + ENTRIES.format(entries=f"{OLD}, {NEW}"))


def downgrade() -> None:
    """What WeChat's events told of credits is forgotten."""
    op.execute(DOWN)
    op.execute(f"DELETE FROM credit WHERE entry IN ({NEW})")  # nosec B608
    op.execute(ENTRIES.format(entries=OLD))
