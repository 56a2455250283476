-- Guards of pay: who builds a run is not paid by it, and a payer's statements are numbered without gaps.

CREATE FUNCTION payout_not_to_builder() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT built_by_id FROM pay_run WHERE id = NEW.pay_run_id) = NEW.expert_id THEN
        RAISE EXCEPTION 'pay run %: who builds it is paid by it', NEW.pay_run_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'pay_run_builder_is_no_payee';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER payout_not_to_builder BEFORE INSERT OR UPDATE ON payout
    FOR EACH ROW EXECUTE FUNCTION payout_not_to_builder();

CREATE FUNCTION statement_number_follows() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.number <> 1 + coalesce(
        (SELECT max(number) FROM statement WHERE organisation_id = NEW.organisation_id), 0
    ) THEN
        RAISE EXCEPTION 'statement % of organisation % leaves a gap', NEW.number, NEW.organisation_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'statement_numbers_have_no_gap';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER statement_number_follows BEFORE INSERT ON statement
    FOR EACH ROW EXECUTE FUNCTION statement_number_follows();

-- What goes out past the limits is let through by neither its payee (a CHECK) nor who signed its run.
CREATE FUNCTION payout_cleared_by_third() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.cleared_by_id IS NOT NULL AND NEW.cleared_by_id IS DISTINCT FROM OLD.cleared_by_id
       AND (SELECT approved_by_id FROM pay_run WHERE id = NEW.pay_run_id) = NEW.cleared_by_id
    THEN
        RAISE EXCEPTION 'payout %: who signed its run lets it past the limits', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payout_cleared_by_another';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER payout_cleared_by_third BEFORE UPDATE ON payout
    FOR EACH ROW EXECUTE FUNCTION payout_cleared_by_third();
