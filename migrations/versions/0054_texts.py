"""Texts [短信]: which phone each message went to, which phones can be reached, what came back."""

from alembic import op

revision = "0054"
down_revision = "0053"

UP = """
CREATE TABLE sms_dispatch (
  id uuid CONSTRAINT pk_sms_dispatch PRIMARY KEY,
  message_id uuid NOT NULL CONSTRAINT uq_sms_dispatch_message_id UNIQUE
    CONSTRAINT fk_sms_dispatch_message_id_message REFERENCES message (id) ON DELETE CASCADE,
  phone_index bytea NOT NULL,
  at timestamptz NOT NULL,
  serial_no text,
  code text,
  delivered_at timestamptz,
  lost_at timestamptz,
  CONSTRAINT ck_sms_dispatch_one_end CHECK (num_nonnulls(delivered_at, lost_at) < 2)
);
CREATE INDEX ix_sms_dispatch_phone_index_at ON sms_dispatch (phone_index, at);
CREATE INDEX ix_sms_dispatch_serial_no ON sms_dispatch (serial_no)
  WHERE serial_no IS NOT NULL;

CREATE TABLE phone_standing (
  id uuid CONSTRAINT pk_phone_standing PRIMARY KEY,
  phone_index bytea NOT NULL CONSTRAINT uq_phone_standing_phone_index UNIQUE,
  failures integer NOT NULL DEFAULT 0,
  reached_at timestamptz,
  dead_at timestamptz,
  stopped_at timestamptz
);

CREATE TABLE sms_heard (
  id uuid CONSTRAINT pk_sms_heard PRIMARY KEY,
  key bytea NOT NULL CONSTRAINT uq_sms_heard_key UNIQUE,
  heard varchar(40) NOT NULL,
  phone_index bytea NOT NULL,
  serial_no text,
  context_id uuid,
  succeeded boolean,
  code text,
  words_sealed bytea,
  happened_at timestamptz NOT NULL,
  received_at timestamptz NOT NULL DEFAULT now(),
  state varchar(40) NOT NULL DEFAULT 'stored',
  next_at timestamptz NOT NULL DEFAULT now(),
  message_id uuid CONSTRAINT fk_sms_heard_message_id_message
    REFERENCES message (id) ON DELETE CASCADE,
  answer varchar(40),
  CONSTRAINT ck_sms_heard_heard CHECK (heard IN ('receipt', 'reply')),
  CONSTRAINT ck_sms_heard_heardstate CHECK (state IN ('stored', 'applied', 'unmatched')),
  CONSTRAINT ck_sms_heard_answer CHECK (answer IN ('confirmed', 'cannot_come', 'stop')),
  CONSTRAINT ck_sms_heard_receipt_tells CHECK ((heard = 'receipt') = (succeeded IS NOT NULL))
);
CREATE INDEX ix_sms_heard_next_at ON sms_heard (next_at) WHERE state = 'stored';
CREATE INDEX ix_sms_heard_received_at ON sms_heard (received_at);
CREATE INDEX ix_sms_heard_message_id ON sms_heard (message_id);
CREATE INDEX ix_sms_heard_phone_index ON sms_heard (phone_index);
"""
DOWN = """
DROP TABLE sms_heard, phone_standing, sms_dispatch;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    """Which phone a text went to, and who wants none, is forgotten."""
    op.execute(DOWN)
