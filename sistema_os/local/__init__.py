"""A Supabase on this machine for `make demo` and the tests: PostgreSQL, PostgREST, a sample hotel."""
