"""What holds the promises, taken away in a run's own database: the judge must then find something.

Reachable from here alone: no setting of the product leads to it.
"""

WITHOUT = {
    # A claim that leaves its message queued: whoever looks next takes over at once, token or not.
    "lease": """
        CREATE FUNCTION forget_lease() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF NEW.state = 'sending' THEN
            NEW.state := 'queued'; NEW.lease_token := NULL; NEW.lease_until := NULL;
          END IF;
          RETURN NEW;
        END $$;
        CREATE TRIGGER forget_lease BEFORE UPDATE ON message
          FOR EACH ROW EXECUTE FUNCTION forget_lease()""",
    "unique": "DROP INDEX uq_message_occasion",
    "in-flight": "DROP INDEX uq_message_in_flight",
}
