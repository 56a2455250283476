-- The lines of a signed run, as before: fixed for good.
CREATE OR REPLACE FUNCTION payout_line_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    run_state text;
BEGIN
    SELECT run.state INTO run_state FROM payout JOIN pay_run run ON run.id = payout.pay_run_id
    WHERE payout.id = NEW.payout_id;
    IF TG_OP = 'INSERT' AND run_state <> 'built' THEN
        RAISE EXCEPTION 'payout %: its run is signed', NEW.payout_id USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'UPDATE' AND run_state IN ('approved', 'done') THEN
        RAISE EXCEPTION 'payout %: its run is signed', NEW.payout_id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
