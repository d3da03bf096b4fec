"""Seats of quotas, offers with an end, the day of a clinic, and what missing one costs.

What was `state = 'booked'` becomes "has not ended" (`ended_at IS NULL`): an offer, somebody who
has arrived and somebody who did not come take their seat as well.
"""

from alembic import op

revision = "0040"
down_revision = "0039"

OLD_KINDS = """'follow_up_due', 'follow_up_task', 'follow_up_escalated', 'follow_up_overdue',
  'emergency_alert', 'booking_confirmed', 'session_cancelled', 'contract_accepted',
  'contract_ended', 'prescription_ready', 'prescription_returned', 'run_out', 'demo_notice',
  'contract_applied', 'contract_declined', 'prescription_requested', 'prescription_to_review',
  'prescription_refused', 'prescription_stopped', 'prescription_expired', 'emergency_access',
  'emergency_review', 'emergency_escalated', 'doctor_changed', 'deputy_named', 'account_added',
  'proxy_asked', 'proxy_began', 'proxy_changed', 'proxy_ended',
  'export_ready', 'correction_answered', 'death_reported',
  'account_others', 'account_freed', 'desk_requested', 'rebinding_asked'"""
NEW_KINDS = """'booking_proposed', 'booking_moved', 'booking_ended', 'seat_offered',
  'alternative_offered', 'session_changed', 'draw_won', 'draw_lost', 'queue_near',
  'no_show_noted', 'appeal_answered', 'clinic_suggested', 'seat_given_back', 'phone_offer',
  'displaced_waiting', 'appeal_to_decide', 'suggestion_to_approve'"""
KINDS = """
ALTER TABLE message DROP CONSTRAINT ck_message_messagekind;
ALTER TABLE message ADD CONSTRAINT ck_message_messagekind CHECK (kind IN ({kinds})) NOT VALID;
"""
UP = """
ALTER TABLE clinic_seat
  ADD COLUMN quota varchar(40) NOT NULL DEFAULT 'open',
  ADD COLUMN releases_at timestamptz,
  ADD COLUMN flows_at timestamptz;
ALTER TABLE clinic_seat ADD CONSTRAINT ck_clinic_seat_quota
  CHECK (quota IN ('open', 'signed', 'family_doctor', 'referral')) NOT VALID;

ALTER TABLE clinic_session
  ADD COLUMN allocation varchar(40) NOT NULL DEFAULT 'first_come',
  ADD COLUMN is_scarce boolean NOT NULL DEFAULT false,
  ADD COLUMN began_at timestamptz,
  ADD COLUMN moved_to uuid;
-- squawk-ignore ban-drop-not-null
ALTER TABLE clinic_session ALTER COLUMN roster_id DROP NOT NULL;
ALTER TABLE clinic_session ADD CONSTRAINT ck_clinic_session_allocation
  CHECK (allocation IN ('first_come', 'staggered', 'lottery')) NOT VALID;

ALTER TABLE booking
  ADD COLUMN origin varchar(40) NOT NULL DEFAULT 'own',
  ADD COLUMN staff_id uuid,
  ADD COLUMN held_until timestamptz,
  ADD COLUMN arrived_at timestamptz,
  ADD COLUMN seen_at timestamptz;
ALTER TABLE booking DROP CONSTRAINT ck_booking_bookingstate;
ALTER TABLE booking ADD CONSTRAINT ck_booking_bookingstate CHECK (state IN
  ('held', 'booked', 'arrived', 'seen', 'missed', 'unrecorded',
   'cancelled', 'withdrawn', 'moved', 'lapsed', 'declined')) NOT VALID;
ALTER TABLE booking DROP CONSTRAINT ck_booking_ended;
ALTER TABLE booking ADD CONSTRAINT ck_booking_ended CHECK (
  (state IN ('held', 'booked', 'arrived', 'seen', 'missed', 'unrecorded')) = (ended_at IS NULL)
) NOT VALID;
ALTER TABLE booking ADD CONSTRAINT ck_booking_held
  CHECK (state <> 'held' OR held_until IS NOT NULL) NOT VALID;
ALTER TABLE booking ADD CONSTRAINT ck_booking_seen
  CHECK (state <> 'seen' OR seen_at IS NOT NULL) NOT VALID;
ALTER TABLE booking ADD CONSTRAINT ck_booking_bookingorigin CHECK (origin IN
  ('own', 'desk', 'doctor', 'waiting_list', 're_offer', 'lottery', 'referral')) NOT VALID;

-- One predicate for all: swapped in one transaction, so that no moment is without its guard.
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX uq_booking_seat;
-- squawk-ignore require-concurrent-index-creation
CREATE UNIQUE INDEX uq_booking_seat ON booking (session_id, seat_number) WHERE ended_at IS NULL;
-- squawk-ignore require-concurrent-index-deletion
DROP INDEX uq_booking_person;
-- squawk-ignore require-concurrent-index-creation
CREATE UNIQUE INDEX uq_booking_person ON booking (resident_id, session_id) WHERE ended_at IS NULL;
ALTER TABLE booking DROP CONSTRAINT ex_booking_overlap;
-- squawk-ignore constraint-missing-not-valid
ALTER TABLE booking ADD CONSTRAINT ex_booking_overlap
  EXCLUDE USING gist (resident_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
  WHERE (ended_at IS NULL);
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_booking_held_until ON booking (held_until) WHERE state = 'held';

CREATE TABLE booking_strike (
  id uuid CONSTRAINT pk_booking_strike PRIMARY KEY,
  booking_id uuid NOT NULL CONSTRAINT uq_booking_strike_booking_id UNIQUE
    CONSTRAINT fk_booking_strike_booking_id_booking REFERENCES booking (id),
  resident_id uuid NOT NULL,
  kind varchar(40) NOT NULL,
  at timestamptz NOT NULL,
  state varchar(40) NOT NULL DEFAULT 'standing',
  appealed_at timestamptz,
  because_sealed bytea,
  decided_at timestamptz,
  decided_by uuid,
  answer_sealed bytea,
  CONSTRAINT ck_booking_strike_strikekind CHECK (kind IN ('no_show', 'late_cancel')),
  CONSTRAINT ck_booking_strike_strikestate
    CHECK (state IN ('standing', 'appealed', 'lifted', 'upheld')),
  CONSTRAINT ck_booking_strike_decided
    CHECK ((state IN ('lifted', 'upheld')) = (decided_at IS NOT NULL))
);
CREATE INDEX ix_booking_strike_resident_id ON booking_strike (resident_id) WHERE state <> 'lifted';

CREATE OR REPLACE FUNCTION booking_load(
  person uuid, wanted_session uuid, wanted_day date, now timestamptz)
  RETURNS TABLE (here bigint, that_day bigint, ahead bigint)
  LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  -- One booking of a person at a time; each statement of a volatile function sees what was
  -- committed while the lock was awaited.
  PERFORM pg_advisory_xact_lock(hashtextextended('booking' || person::text, 0));
  RETURN QUERY SELECT count(*) FILTER (WHERE b.session_id = wanted_session),
      count(*) FILTER (WHERE b.day = wanted_day), count(*) FILTER (WHERE b.ends_at > now)
    FROM booking b
    WHERE b.resident_id = person AND b.ended_at IS NULL
      AND b.starts_at > least(now, wanted_day::timestamptz) - interval '2 days';
END $$;

CREATE OR REPLACE FUNCTION booking_counted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  change integer := (NEW.ended_at IS NULL)::integer;
BEGIN
  IF TG_OP = 'UPDATE' THEN
    change := change - (OLD.ended_at IS NULL)::integer;
  END IF;
  IF change <> 0 THEN
    UPDATE clinic_session SET taken = taken + change
      WHERE id = NEW.session_id AND (change < 0 OR state = 'open');
    IF NOT FOUND THEN
      RAISE EXCEPTION 'session % is not held', NEW.session_id USING ERRCODE = 'check_violation';
    END IF;
  END IF;
  RETURN NULL;
END $$;
"""
DOWN = """
DROP TABLE booking_strike;
DELETE FROM message WHERE kind IN ({kinds});
UPDATE booking SET state = 'cancelled', ended_at = coalesce(ended_at, booked_at)
  WHERE state NOT IN ('booked', 'cancelled', 'withdrawn');
SET CONSTRAINTS ALL IMMEDIATE;
DROP INDEX ix_booking_held_until, uq_booking_seat, uq_booking_person;
CREATE UNIQUE INDEX uq_booking_seat ON booking (session_id, seat_number) WHERE state = 'booked';
CREATE UNIQUE INDEX uq_booking_person ON booking (resident_id, session_id) WHERE state = 'booked';
ALTER TABLE booking DROP CONSTRAINT ex_booking_overlap,
  DROP CONSTRAINT ck_booking_bookingstate, DROP CONSTRAINT ck_booking_ended,
  DROP COLUMN origin, DROP COLUMN staff_id, DROP COLUMN held_until, DROP COLUMN arrived_at,
  DROP COLUMN seen_at;
ALTER TABLE booking
  ADD CONSTRAINT ck_booking_bookingstate CHECK (state IN ('booked', 'cancelled', 'withdrawn')),
  ADD CONSTRAINT ck_booking_ended CHECK ((state = 'booked') = (ended_at IS NULL)),
  ADD CONSTRAINT ex_booking_overlap
    EXCLUDE USING gist (resident_id WITH =, tstzrange(starts_at, ends_at) WITH &&)
    WHERE (state = 'booked');
ALTER TABLE clinic_session DROP COLUMN allocation, DROP COLUMN is_scarce, DROP COLUMN began_at,
  DROP COLUMN moved_to;
ALTER TABLE clinic_session ALTER COLUMN roster_id SET NOT NULL;
ALTER TABLE clinic_seat DROP COLUMN quota, DROP COLUMN releases_at, DROP COLUMN flows_at;
"""


def upgrade() -> None:
    op.execute(UP)
    op.execute(KINDS.format(kinds=f"{OLD_KINDS}, {NEW_KINDS}"))


def downgrade() -> None:
    """What was offered or happened on the day is not known to the schema before."""
    op.execute(DOWN.format(kinds=NEW_KINDS))  # nosec B608
    op.execute(KINDS.format(kinds=OLD_KINDS))
