-- Supabase's roles and default privileges, copied with what they leak (anon may execute every new function and read
-- every new table of `public`), so that a migration which forgets to close a door is caught here.
do $$
begin
  if not exists (select from pg_roles where rolname = 'anon') then
    create role anon nologin noinherit;
  end if;
  if not exists (select from pg_roles where rolname = 'authenticated') then
    create role authenticated nologin noinherit;
  end if;
  if not exists (select from pg_roles where rolname = 'service_role') then
    create role service_role nologin noinherit bypassrls;
  end if;
  if not exists (select from pg_roles where rolname = 'authenticator') then
    create role authenticator login noinherit;
  end if;
  if not exists (select from pg_roles where rolname = 'sistema_os') then
    create role sistema_os login createdb;
  end if;
end $$;

grant anon, authenticated, service_role to authenticator;

-- A cancelled client does not cancel its query: the server's own limit is what ends it.
alter role anon set statement_timeout = '3s';
alter role authenticated set statement_timeout = '8s';
alter role authenticator set statement_timeout = '30s';
alter role service_role set statement_timeout = '30s';
