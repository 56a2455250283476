-- The database's roles, for the embedded server and for a production one alike: run it once as a superuser.
-- Groups carry the grants that migrations give; logins are members of one group. Passwords are the operator's business.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'touchstone_app') THEN
        CREATE ROLE touchstone_app NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'touchstone_worker') THEN
        CREATE ROLE touchstone_worker NOLOGIN;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'touchstone_owner') THEN
        CREATE ROLE touchstone_owner LOGIN CREATEDB;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'app') THEN
        CREATE ROLE app LOGIN IN ROLE touchstone_app;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'worker') THEN
        CREATE ROLE worker LOGIN IN ROLE touchstone_worker;
    END IF;
END
$$;
