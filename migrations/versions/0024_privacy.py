"""Consents by purpose, closed people, exports, corrections, deaths, deletions and what they keep."""

from alembic import op

revision = "0024"
down_revision = "0023"

UP = """
ALTER TABLE consent DROP CONSTRAINT ck_consent_purpose;
ALTER TABLE consent ADD CONSTRAINT ck_consent_purpose
  CHECK (purpose IN ('health_data', 'reminders')) NOT VALID;
-- squawk-ignore require-concurrent-index-creation
CREATE INDEX ix_consent_resident_id ON consent (resident_id);
CREATE TABLE consent_refusal (
  id uuid CONSTRAINT pk_consent_refusal PRIMARY KEY,
  account_id uuid NOT NULL CONSTRAINT fk_consent_refusal_account_id_account REFERENCES account (id),
  purpose varchar(40) NOT NULL,
  version text NOT NULL,
  refused_at timestamptz NOT NULL,
  CONSTRAINT ck_consent_refusal_purpose CHECK (purpose IN ('health_data', 'reminders'))
);
CREATE INDEX ix_consent_refusal_account_id ON consent_refusal (account_id);

ALTER TABLE resident ADD COLUMN erased_at timestamptz;
ALTER TABLE session DROP CONSTRAINT ck_session_ending;
ALTER TABLE session ADD CONSTRAINT ck_session_ending CHECK (ended_why IN ('logged_out',
  'ended_elsewhere', 'reused', 'left', 'role_changed', 'credentials_changed', 'phone_lost', 'erased',
  'died')) NOT VALID;
ALTER TABLE message DROP CONSTRAINT ck_message_reason;
ALTER TABLE message ADD CONSTRAINT ck_message_reason CHECK (reason IN ('no_account', 'no_credit',
  'bad_recipient', 'bad_template', 'bad_page', 'bad_content', 'blocked_content', 'bad_token', 'busy',
  'concurrent', 'rate', 'quota', 'suspended', 'not_reached', 'unexpected_code', 'defect',
  'no_answer', 'unreadable', 'interrupted', 'lease_lost', 'obsolete', 'unwelcome')) NOT VALID;

CREATE FUNCTION open_person() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE is_closed boolean;
BEGIN
  -- Waits for whoever is closing this person's record (FOR UPDATE), then sees the new row.
  SELECT r.died_on IS NOT NULL OR r.restricted_at IS NOT NULL INTO is_closed
    FROM resident r WHERE r.id = NEW.resident_id FOR KEY SHARE;
  IF is_closed THEN
    RAISE EXCEPTION 'the record of % is closed', NEW.resident_id
      USING ERRCODE = 'JY001', CONSTRAINT = 'open_person';
  END IF;
  RETURN NEW;
END $$;
CREATE TRIGGER open_person BEFORE INSERT ON booking
  FOR EACH ROW EXECUTE FUNCTION open_person();
CREATE TRIGGER open_person BEFORE INSERT ON contract
  FOR EACH ROW EXECUTE FUNCTION open_person();
CREATE TRIGGER open_person BEFORE INSERT ON prescription
  FOR EACH ROW EXECUTE FUNCTION open_person();
CREATE TRIGGER open_person BEFORE INSERT ON enrolment
  FOR EACH ROW EXECUTE FUNCTION open_person();
CREATE TRIGGER open_person BEFORE INSERT ON followup
  FOR EACH ROW EXECUTE FUNCTION open_person();
CREATE TRIGGER open_person BEFORE INSERT ON measurement
  FOR EACH ROW EXECUTE FUNCTION open_person();

CREATE TABLE measurement_note (
  id uuid CONSTRAINT pk_measurement_note PRIMARY KEY,
  measurement_id uuid NOT NULL
    CONSTRAINT fk_measurement_note_measurement_id_measurement REFERENCES measurement (id),
  text_sealed bytea NOT NULL,
  added_at timestamptz NOT NULL,
  added_by uuid NOT NULL
);
CREATE INDEX ix_measurement_note_measurement_id ON measurement_note (measurement_id);

CREATE TABLE data_export (
  id uuid CONSTRAINT pk_data_export PRIMARY KEY,
  resident_id uuid NOT NULL CONSTRAINT fk_data_export_resident_id_resident REFERENCES resident (id),
  account_id uuid NOT NULL CONSTRAINT fk_data_export_account_id_account REFERENCES account (id),
  state varchar(40) NOT NULL,
  asked_at timestamptz NOT NULL,
  ready_at timestamptz,
  expires_at timestamptz,
  content_sealed bytea,
  document_sealed bytea,
  CONSTRAINT ck_data_export_exportstate CHECK (state IN ('asked', 'ready', 'expired')),
  CONSTRAINT ck_data_export_ready_has_content
    CHECK ((state = 'ready') = (content_sealed IS NOT NULL)
      AND (state = 'ready') = (document_sealed IS NOT NULL)),
  CONSTRAINT ck_data_export_ready_has_time
    CHECK (state = 'asked' OR num_nulls(ready_at, expires_at) = 0)
);
CREATE INDEX ix_data_export_resident_id ON data_export (resident_id);
CREATE INDEX ix_data_export_asked ON data_export (asked_at) WHERE state = 'asked';
CREATE INDEX ix_data_export_ready ON data_export (expires_at) WHERE state = 'ready';

CREATE TABLE correction (
  id uuid CONSTRAINT pk_correction PRIMARY KEY,
  resident_id uuid NOT NULL CONSTRAINT fk_correction_resident_id_resident REFERENCES resident (id),
  institution_id uuid NOT NULL
    CONSTRAINT fk_correction_institution_id_institution REFERENCES institution (id),
  account_id uuid NOT NULL CONSTRAINT fk_correction_account_id_account REFERENCES account (id),
  subject varchar(40) NOT NULL,
  subject_id uuid,
  wanted_sealed bytea NOT NULL,
  before_sealed bytea,
  because_sealed bytea NOT NULL,
  state varchar(40) NOT NULL,
  asked_at timestamptz NOT NULL,
  decided_at timestamptz,
  decided_by uuid CONSTRAINT fk_correction_decided_by_staff REFERENCES staff (id),
  answer_sealed bytea,
  CONSTRAINT ck_correction_subject CHECK (subject IN ('name', 'phone', 'community', 'reading')),
  CONSTRAINT ck_correction_correctionstate
    CHECK (state IN ('asked', 'corrected', 'refused', 'withdrawn')),
  CONSTRAINT ck_correction_reading_is_named CHECK ((subject = 'reading') = (subject_id IS NOT NULL)),
  CONSTRAINT ck_correction_decided
    CHECK ((state IN ('corrected', 'refused')) = (decided_by IS NOT NULL)),
  CONSTRAINT ck_correction_refusal_has_answer
    CHECK (state <> 'refused' OR answer_sealed IS NOT NULL)
);
CREATE UNIQUE INDEX uq_correction_asked
  ON correction (resident_id, subject, coalesce(subject_id, resident_id)) WHERE state = 'asked';
CREATE INDEX ix_correction_resident_id ON correction (resident_id);
CREATE INDEX ix_correction_institution_id_state ON correction (institution_id, state);

CREATE TABLE death_report (
  id uuid CONSTRAINT pk_death_report PRIMARY KEY,
  resident_id uuid NOT NULL CONSTRAINT fk_death_report_resident_id_resident REFERENCES resident (id),
  institution_id uuid,
  died_on date NOT NULL,
  source varchar(40) NOT NULL,
  state varchar(40) NOT NULL,
  proof_sealed bytea,
  reported_at timestamptz NOT NULL,
  reported_by uuid NOT NULL,
  undone_at timestamptz,
  undone_by uuid,
  because_sealed bytea,
  CONSTRAINT ck_death_report_deathsource CHECK (source IN ('staff', 'follow_up')),
  CONSTRAINT ck_death_report_deathstate CHECK (state IN ('reported', 'undone')),
  CONSTRAINT ck_death_report_undone
    CHECK ((state = 'undone') = (num_nulls(undone_at, undone_by, because_sealed) = 0))
);
CREATE INDEX ix_death_report_resident_id ON death_report (resident_id);
CREATE UNIQUE INDEX uq_death_report_reported ON death_report (resident_id) WHERE state = 'reported';

CREATE TABLE deletion_request (
  id uuid CONSTRAINT pk_deletion_request PRIMARY KEY,
  resident_id uuid NOT NULL
    CONSTRAINT fk_deletion_request_resident_id_resident REFERENCES resident (id),
  account_id uuid CONSTRAINT fk_deletion_request_account_id_account REFERENCES account (id),
  state varchar(40) NOT NULL,
  asked_at timestamptz NOT NULL,
  due_at timestamptz NOT NULL,
  ended_at timestamptz,
  look_again_on date,
  identity_sealed bytea,
  CONSTRAINT ck_deletion_request_deletionstate
    CHECK (state IN ('asked', 'cancelled', 'restricted', 'erased')),
  CONSTRAINT ck_deletion_request_ended CHECK ((state = 'asked') = (ended_at IS NULL)),
  CONSTRAINT ck_deletion_request_restricted_is_looked_at
    CHECK ((state = 'restricted') = (look_again_on IS NOT NULL)),
  CONSTRAINT ck_deletion_request_identity_of_restricted
    CHECK ((state = 'restricted') = (identity_sealed IS NOT NULL))
);
CREATE UNIQUE INDEX uq_deletion_request_live ON deletion_request (resident_id)
  WHERE state <> 'cancelled';
CREATE INDEX ix_deletion_request_resident_id ON deletion_request (resident_id);
CREATE INDEX ix_deletion_request_due ON deletion_request (due_at) WHERE state = 'asked';
CREATE INDEX ix_deletion_request_again ON deletion_request (look_again_on)
  WHERE state = 'restricted';
CREATE TABLE kept_record (
  id uuid CONSTRAINT pk_kept_record PRIMARY KEY,
  resident_id uuid NOT NULL CONSTRAINT fk_kept_record_resident_id_resident REFERENCES resident (id),
  category varchar(40) NOT NULL,
  rows integer NOT NULL,
  kept_until date NOT NULL,
  CONSTRAINT uq_kept_record_resident_id_category UNIQUE (resident_id, category),
  CONSTRAINT ck_kept_record_category
    CHECK (category IN ('prescription', 'health_record', 'contract', 'disclosure')),
  CONSTRAINT ck_kept_record_rows CHECK (rows > 0)
);

-- What nobody may change may still end: of a person whose record was erased, once no law keeps it.
CREATE FUNCTION expunge(person uuid, what text) RETURNS void
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
REVOKE ALL ON FUNCTION expunge(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION expunge(uuid, text) TO jiayi_app;
"""

DOWN = """
DROP FUNCTION expunge(uuid, text);
DROP TABLE kept_record, deletion_request, death_report, correction, data_export, measurement_note,
  consent_refusal;
DROP TRIGGER open_person ON booking;
DROP TRIGGER open_person ON contract;
DROP TRIGGER open_person ON prescription;
DROP TRIGGER open_person ON enrolment;
DROP TRIGGER open_person ON followup;
DROP TRIGGER open_person ON measurement;
DROP FUNCTION open_person();
UPDATE message SET reason = 'obsolete' WHERE reason = 'unwelcome';
ALTER TABLE message DROP CONSTRAINT ck_message_reason;
ALTER TABLE message ADD CONSTRAINT ck_message_reason CHECK (reason IN ('no_account', 'no_credit',
  'bad_recipient', 'bad_template', 'bad_page', 'bad_content', 'blocked_content', 'bad_token', 'busy',
  'concurrent', 'rate', 'quota', 'suspended', 'not_reached', 'unexpected_code', 'defect',
  'no_answer', 'unreadable', 'interrupted', 'lease_lost', 'obsolete')) NOT VALID;
UPDATE session SET ended_why = 'erased' WHERE ended_why = 'died';
ALTER TABLE session DROP CONSTRAINT ck_session_ending;
ALTER TABLE session ADD CONSTRAINT ck_session_ending CHECK (ended_why IN ('logged_out',
  'ended_elsewhere', 'reused', 'left', 'role_changed', 'credentials_changed', 'phone_lost',
  'erased')) NOT VALID;
ALTER TABLE resident DROP COLUMN erased_at;
DROP INDEX ix_consent_resident_id;
DELETE FROM consent WHERE purpose = 'reminders';
ALTER TABLE consent DROP CONSTRAINT ck_consent_purpose;
ALTER TABLE consent ADD CONSTRAINT ck_consent_purpose CHECK (purpose IN ('health_data')) NOT VALID;
"""


def upgrade() -> None:
    op.execute(UP)


def downgrade() -> None:
    op.execute(DOWN)
