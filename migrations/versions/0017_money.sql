-- Guards of money that comes back: two people, the whole amount, and no line free without both.

-- A return is of a payment that a bank transfer made, of its whole amount, and neither entered nor
-- confirmed by whom it pays. What was entered stays as it was entered.
CREATE FUNCTION bank_return_fits() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    paid payout%ROWTYPE;
BEGIN
    SELECT * INTO paid FROM payout WHERE id = NEW.payout_id;
    IF paid.expert_id IN (NEW.entered_by_id, NEW.decided_by_id) THEN
        RAISE EXCEPTION 'bank return %: its payee enters or confirms it', NEW.reference
            USING ERRCODE = 'check_violation', CONSTRAINT = 'bank_return_not_by_payee';
    END IF;
    IF TG_OP = 'UPDATE' THEN
        IF OLD.state <> 'entered'
           OR (NEW.id, NEW.public_id, NEW.payout_id, NEW.bank_transfer_id, NEW.reference, NEW.returned_on,
               NEW.cause, NEW.said, NEW.currency, NEW.minor, NEW.charges_minor, NEW.arrived_on,
               NEW.entered_by_id, NEW.entered_at)
              IS DISTINCT FROM
              (OLD.id, OLD.public_id, OLD.payout_id, OLD.bank_transfer_id, OLD.reference, OLD.returned_on,
               OLD.cause, OLD.said, OLD.currency, OLD.minor, OLD.charges_minor, OLD.arrived_on,
               OLD.entered_by_id, OLD.entered_at)
        THEN
            RAISE EXCEPTION 'bank return % is fixed', OLD.reference USING ERRCODE = 'restrict_violation';
        END IF;
        RETURN NEW;
    END IF;
    IF paid.state <> 'paid' OR paid.rail <> 'manual' OR NOT EXISTS (
        SELECT FROM bank_transfer done JOIN payout_attempt tried ON tried.id = done.attempt_id
        WHERE done.id = NEW.bank_transfer_id AND tried.payout_id = NEW.payout_id
    ) THEN
        RAISE EXCEPTION 'bank return %: no bank transfer has paid that payout', NEW.reference
            USING ERRCODE = 'check_violation', CONSTRAINT = 'bank_return_of_a_payment';
    END IF;
    IF (NEW.minor, NEW.currency) IS DISTINCT FROM (paid.minor, paid.currency) THEN
        RAISE EXCEPTION 'bank return %: a bank returns a payment whole', NEW.reference
            USING ERRCODE = 'check_violation', CONSTRAINT = 'bank_return_is_whole';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER bank_return_fits BEFORE INSERT OR UPDATE ON bank_return
    FOR EACH ROW EXECUTE FUNCTION bank_return_fits();

-- Lines become free again only behind a return that two people stand for.
CREATE FUNCTION payout_released() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = 'released' AND OLD.state <> 'released' AND NOT EXISTS (
        SELECT FROM bank_return WHERE payout_id = NEW.id AND state = 'confirmed'
    ) THEN
        RAISE EXCEPTION 'payout %: no return of it is confirmed', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payout_released_by_return';
    END IF;
    IF OLD.state = 'released' AND NEW.state <> 'released' THEN
        RAISE EXCEPTION 'payout % is over: another run pays its lines', NEW.id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER payout_released BEFORE UPDATE ON payout
    FOR EACH ROW EXECUTE FUNCTION payout_released();

-- What is paid as announced was announced: by that name and amount, in terms that its payee accepted.
CREATE FUNCTION bonus_as_announced() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.announced IS NOT NULL AND NOT EXISTS (
        SELECT FROM terms t, jsonb_array_elements(t.rules -> 'bonuses') said
        WHERE t.id = NEW.terms_id AND t.expert_id = NEW.expert_id AND t.project_id = NEW.project_id
          AND t.currency = NEW.currency AND said ->> 0 = NEW.announced AND (said ->> 1)::bigint = NEW.minor
    ) THEN
        RAISE EXCEPTION 'bonus %: the terms announce no such bonus', NEW.announced
            USING ERRCODE = 'check_violation', CONSTRAINT = 'bonus_as_announced';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER bonus_as_announced BEFORE INSERT OR UPDATE ON bonus
    FOR EACH ROW EXECUTE FUNCTION bonus_as_announced();

-- The lines of a signed run are fixed, less those of a payout that the bank sent back.
CREATE OR REPLACE FUNCTION payout_line_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    run_state text;
    payout_state text;
BEGIN
    SELECT run.state, payout.state INTO run_state, payout_state FROM payout JOIN pay_run run ON run.id = payout.pay_run_id
    WHERE payout.id = NEW.payout_id;
    IF TG_OP = 'INSERT' AND run_state <> 'built' THEN
        RAISE EXCEPTION 'payout %: its run is signed', NEW.payout_id USING ERRCODE = 'restrict_violation';
    END IF;
    IF TG_OP = 'UPDATE' AND run_state IN ('approved', 'done') AND payout_state <> 'released' THEN
        RAISE EXCEPTION 'payout %: its run is signed', NEW.payout_id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
