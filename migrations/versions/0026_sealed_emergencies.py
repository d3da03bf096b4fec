"""Why a record was opened in an emergency is about health: sealed, kept for its time, then deleted."""

from alembic import op

revision = "0026"
down_revision = "0025"

UP = """
ALTER TABLE emergency_access ADD COLUMN reason_sealed bytea, ADD COLUMN note_sealed bytea;
-- squawk-ignore ban-drop-not-null
ALTER TABLE emergency_access ALTER COLUMN reason DROP NOT NULL;
-- How long it is can be told of plain text alone, so the code tells it.
ALTER TABLE emergency_access DROP CONSTRAINT ck_emergency_access_reason;
ALTER TABLE emergency_access ADD CONSTRAINT ck_emergency_access_reason
  CHECK (num_nonnulls(reason, reason_sealed) = 1) NOT VALID;
ALTER TABLE kept_record DROP CONSTRAINT ck_kept_record_category;
ALTER TABLE kept_record ADD CONSTRAINT ck_kept_record_category
  CHECK (category IN ('prescription', 'health_record', 'contract', 'disclosure',
    'emergency_access')) NOT VALID;

CREATE OR REPLACE FUNCTION expunge(person uuid, what text) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE texts uuid[];
BEGIN
  PERFORM FROM resident WHERE id = person AND erased_at IS NOT NULL FOR UPDATE;
  IF NOT FOUND OR EXISTS (SELECT FROM kept_record
      WHERE resident_id = person AND category = what
      AND kept_until >= ((now() + (SELECT shift FROM business_clock))
        AT TIME ZONE 'Asia/Shanghai')::date) THEN
    RAISE EXCEPTION 'the % of % must be kept', what, person;
  END IF;
  IF what = 'contract' THEN
    SELECT array_agg(agreement_id) INTO texts FROM contract WHERE resident_id = person;
    DELETE FROM contract WHERE resident_id = person;
    DELETE FROM agreement WHERE id = ANY (texts);
  ELSIF what = 'prescription' THEN
    DELETE FROM prescription_dispensing WHERE prescription_id IN
      (SELECT id FROM prescription WHERE resident_id = person);
    DELETE FROM prescription_review WHERE prescription_id IN
      (SELECT id FROM prescription WHERE resident_id = person);
    DELETE FROM prescription_confirmation WHERE prescription_id IN
      (SELECT id FROM prescription WHERE resident_id = person);
    DELETE FROM prescription_line WHERE prescription_id IN
      (SELECT id FROM prescription WHERE resident_id = person);
    DELETE FROM prescription_wish WHERE prescription_id IN
      (SELECT id FROM prescription WHERE resident_id = person);
    DELETE FROM prescription WHERE resident_id = person;
  ELSIF what = 'emergency_access' THEN
    DELETE FROM emergency_access WHERE resident_id = person;
  END IF;
END $$;
"""

# What was sealed cannot be opened here: the words are kept in no other place.
DOWN = """
CREATE OR REPLACE FUNCTION expunge(person uuid, what text) RETURNS void
  LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE texts uuid[];
BEGIN
  PERFORM FROM resident WHERE id = person AND erased_at IS NOT NULL FOR UPDATE;
  IF NOT FOUND OR EXISTS (SELECT FROM kept_record
      WHERE resident_id = person AND category = what
      AND kept_until >= ((now() + (SELECT shift FROM business_clock))
        AT TIME ZONE 'Asia/Shanghai')::date) THEN
    RAISE EXCEPTION 'the % of % must be kept', what, person;
  END IF;
  IF what = 'contract' THEN
    SELECT array_agg(agreement_id) INTO texts FROM contract WHERE resident_id = person;
    DELETE FROM contract WHERE resident_id = person;
    DELETE FROM agreement WHERE id = ANY (texts);
  ELSIF what = 'prescription' THEN
    DELETE FROM prescription_dispensing WHERE prescription_id IN
      (SELECT id FROM prescription WHERE resident_id = person);
    DELETE FROM prescription_review WHERE prescription_id IN
      (SELECT id FROM prescription WHERE resident_id = person);
    DELETE FROM prescription_confirmation WHERE prescription_id IN
      (SELECT id FROM prescription WHERE resident_id = person);
    DELETE FROM prescription_line WHERE prescription_id IN
      (SELECT id FROM prescription WHERE resident_id = person);
    DELETE FROM prescription_wish WHERE prescription_id IN
      (SELECT id FROM prescription WHERE resident_id = person);
    DELETE FROM prescription WHERE resident_id = person;
  END IF;
END $$;
DELETE FROM kept_record WHERE category = 'emergency_access';
ALTER TABLE kept_record DROP CONSTRAINT ck_kept_record_category;
ALTER TABLE kept_record ADD CONSTRAINT ck_kept_record_category
  CHECK (category IN ('prescription', 'health_record', 'contract', 'disclosure')) NOT VALID;
ALTER TABLE emergency_access DROP CONSTRAINT ck_emergency_access_reason;
UPDATE emergency_access SET reason = '（内容已加密，无法显示）' WHERE reason IS NULL;
ALTER TABLE emergency_access ALTER COLUMN reason SET NOT NULL;
ALTER TABLE emergency_access DROP COLUMN reason_sealed, DROP COLUMN note_sealed;
ALTER TABLE emergency_access ADD CONSTRAINT ck_emergency_access_reason
  CHECK (char_length(reason) >= 10) NOT VALID;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
