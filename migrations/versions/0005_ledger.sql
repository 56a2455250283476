-- Guards of the ledger and of pay runs: what no program, however wrong, can get round.

-- An entry knows the transaction that wrote it. Whatever the writer says is overruled.
CREATE FUNCTION ledger_entry_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.written_in := pg_current_xact_id()::text::bigint;
    RETURN NEW;
END
$$;
CREATE TRIGGER ledger_entry_stamp BEFORE INSERT ON ledger_entry
    FOR EACH ROW EXECUTE FUNCTION ledger_entry_stamp();

-- A posting moves its account's balance, and can join only an entry of its own transaction. Runs as
-- the owner: nobody else may write a balance. The account's CHECK refuses a payable below zero.
CREATE FUNCTION posting_arrives() RETURNS trigger LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
    IF NOT EXISTS (
        SELECT FROM ledger_entry
        WHERE id = NEW.entry_id AND written_in = pg_current_xact_id()::text::bigint
    ) THEN
        RAISE EXCEPTION 'ledger entry % is closed', NEW.entry_id USING ERRCODE = 'restrict_violation';
    END IF;
    UPDATE ledger_account SET balance = balance + NEW.minor WHERE id = NEW.ledger_account_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER posting_arrives AFTER INSERT ON posting
    FOR EACH ROW EXECUTE FUNCTION posting_arrives();

-- A balance begins at zero (nobody may insert another, see the grants below) and is changed by
-- postings alone; a ledger account never becomes another.
CREATE FUNCTION ledger_account_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF pg_trigger_depth() < 2
       OR (NEW.id, NEW.kind, NEW.currency, NEW.expert_id, NEW.project_id, NEW.rail)
          IS DISTINCT FROM (OLD.id, OLD.kind, OLD.currency, OLD.expert_id, OLD.project_id, OLD.rail)
    THEN
        RAISE EXCEPTION 'a ledger account changes by postings only' USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER ledger_account_guard BEFORE UPDATE ON ledger_account
    FOR EACH ROW EXECUTE FUNCTION ledger_account_guard();
CREATE TRIGGER ledger_account_stays BEFORE DELETE ON ledger_account
    FOR EACH ROW EXECUTE FUNCTION refuse_change();
CREATE TRIGGER ledger_account_no_truncate BEFORE TRUNCATE ON ledger_account
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- At the commit every entry has at least two legs, and they sum to zero in each currency.
CREATE FUNCTION ledger_check(checked bigint) RETURNS void LANGUAGE plpgsql
    SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    wrong text;
BEGIN
    SELECT currency || ' ' || sum(minor) INTO wrong
    FROM posting WHERE entry_id = checked GROUP BY currency HAVING sum(minor) <> 0 LIMIT 1;
    IF wrong IS NOT NULL THEN
        RAISE EXCEPTION 'ledger entry % does not sum to zero: %', checked, wrong
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entry_sums_to_zero';
    END IF;
    IF (SELECT count(*) FROM posting WHERE entry_id = checked) < 2 THEN
        RAISE EXCEPTION 'ledger entry % has fewer than two legs', checked
            USING ERRCODE = 'check_violation', CONSTRAINT = 'ledger_entry_has_two_legs';
    END IF;
END
$$;
CREATE FUNCTION ledger_entry_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ledger_check(NEW.id);
    RETURN NULL;
END
$$;
CREATE FUNCTION posting_balances() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM ledger_check(NEW.entry_id);
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER ledger_entry_balances AFTER INSERT ON ledger_entry
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION ledger_entry_balances();
CREATE CONSTRAINT TRIGGER posting_balances AFTER INSERT ON posting
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION posting_balances();

-- Locking takes the right to change, which nobody but the owner has: so it is done for the caller,
-- always in the order of ids, so that two who need the same accounts wait and never block each other.
CREATE FUNCTION ledger_lock(wanted bigint[]) RETURNS void LANGUAGE sql
    SECURITY DEFINER SET search_path = pg_catalog, public AS $$
    SELECT FROM ledger_account WHERE id = ANY (wanted) ORDER BY id FOR NO KEY UPDATE
$$;
REVOKE ALL ON FUNCTION ledger_lock(bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_lock(bigint[]) TO touchstone_app, touchstone_worker;
REVOKE ALL ON FUNCTION ledger_check(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION ledger_check(bigint) TO touchstone_app, touchstone_worker;

-- Nothing of a run is sent before somebody has signed it; from then on what is in it is fixed, and
-- who signs is paid nothing by it.
CREATE FUNCTION payout_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state NOT IN ('planned', 'voided')
       AND (SELECT approved_by_id FROM pay_run WHERE id = NEW.pay_run_id) IS NULL
    THEN
        RAISE EXCEPTION 'pay run % is not signed: nothing of it is sent', NEW.pay_run_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'payout_waits_for_signature';
    END IF;
    IF TG_OP = 'UPDATE'
       AND (NEW.pay_run_id, NEW.expert_id, NEW.currency, NEW.minor, NEW.public_id)
           IS NOT DISTINCT FROM (OLD.pay_run_id, OLD.expert_id, OLD.currency, OLD.minor, OLD.public_id)
    THEN
        RETURN NEW;
    END IF;
    IF (SELECT state FROM pay_run WHERE id = NEW.pay_run_id) <> 'built' THEN
        RAISE EXCEPTION 'pay run % is signed: its payouts are fixed', NEW.pay_run_id
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER payout_fixed BEFORE INSERT OR UPDATE ON payout
    FOR EACH ROW EXECUTE FUNCTION payout_fixed();

CREATE FUNCTION payout_line_fixed() RETURNS trigger LANGUAGE plpgsql AS $$
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
CREATE TRIGGER payout_line_fixed BEFORE INSERT OR UPDATE ON payout_line
    FOR EACH ROW EXECUTE FUNCTION payout_line_fixed();

CREATE FUNCTION pay_run_signed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.state = 'approved' AND EXISTS (
        SELECT FROM payout WHERE pay_run_id = NEW.id AND expert_id = NEW.approved_by_id
    ) THEN
        RAISE EXCEPTION 'pay run %: who approves is paid by it', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'pay_run_approver_is_no_payee';
    END IF;
    IF (NEW.organisation_id, NEW.currency, NEW.built_by_id, NEW.built_at, NEW.lines_sha256)
       IS DISTINCT FROM (OLD.organisation_id, OLD.currency, OLD.built_by_id, OLD.built_at, OLD.lines_sha256)
       OR OLD.approved_by_id IS NOT NULL
          AND (NEW.approved_by_id, NEW.approved_at) IS DISTINCT FROM (OLD.approved_by_id, OLD.approved_at)
    THEN
        RAISE EXCEPTION 'pay run % is fixed', NEW.id USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER pay_run_signed BEFORE UPDATE ON pay_run
    FOR EACH ROW EXECUTE FUNCTION pay_run_signed();

GRANT SELECT ON ledger_account TO touchstone_app, touchstone_worker;
GRANT INSERT (kind, currency, expert_id, project_id, rail) ON ledger_account TO touchstone_app, touchstone_worker;
GRANT SELECT, INSERT ON pay_run, payout, payout_line, payout_attempt TO touchstone_app, touchstone_worker;
GRANT UPDATE (state, approved_by_id, approved_at, approved_sha256, ended_at, void_reason) ON pay_run
    TO touchstone_app, touchstone_worker;
GRANT UPDATE (since, state, hold, problem, transfer_id, paid_at) ON payout TO touchstone_app, touchstone_worker;
GRANT UPDATE (released_at) ON payout_line TO touchstone_app, touchstone_worker;
GRANT UPDATE (tried_at, tries, state, code, message, ended_at) ON payout_attempt TO touchstone_app, touchstone_worker;
