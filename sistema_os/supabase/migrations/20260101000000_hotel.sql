-- The hotel's Supabase: its tables, the two functions that link an order to a stay, and who may touch what.
-- PostgreSQL 15 and later. Roles anon, authenticated and service_role exist in Supabase; a local stack makes them first.

-- Tables or functions of these names that are somebody else's stay untouched: nothing below runs.
do $$
declare
  existing text;
begin
  select string_agg(name, ', ' order by name) into existing from (
    select c.relname::text as name from pg_class c
     where c.relnamespace = 'public'::regnamespace
       and c.relname in ('hospedes', 'reservas', 'listagem_hospedes', 'hospedes_casa', 'ordens_servico',
                         'sugestoes_match', 'inventario_uh', 'rm_diario', 'cargas_recebidas')
    union all
    select p.proname || '()' from pg_proc p
     where p.pronamespace = 'public'::regnamespace
       and p.proname in ('toca', 'toca_os', 'vincular_os', 'desvincular_os', 'receber_listagem', 'receber_ordens',
                         'pais_de')
  ) found;
  if existing is not null then
    raise exception 'Este projeto já tem: %. Nada foi alterado. / This project already has: %. Nothing was changed.',
      existing, existing
      using errcode = 'duplicate_table',
            hint = 'docs/integracao.md, "Tabelas que já existem" / "Existing tables", describes the ways on.';
  end if;
end $$;

create schema if not exists extensions;
create extension if not exists pg_trgm schema extensions;
create extension if not exists unaccent schema extensions;
-- For the operator class below, wherever the project keeps its extensions.
select set_config('search_path', 'public, extensions', true);


-- ---------------------------------------------------------------------------------------------
-- People and bookings
-- ---------------------------------------------------------------------------------------------

-- The PMS's person profile: one row per person known to it.
create table hospedes (
  id               bigint generated always as identity primary key,
  pms_hospede_id   text not null unique,          -- e.g. CM.HOSPEDE.IDHOSPEDE
  nome             text not null,                 -- as registered (may be UPPER or 'SOBRENOME, NOME')
  nome_social      text,                          -- shown instead of nome wherever present
  doc_tipo         text check (doc_tipo in ('CPF', 'PASSAPORTE', 'RNM', 'DNI', 'OUTRO')),
  doc_numero       text,                          -- digits or upper case, unmasked; for the app's role only
  doc_final        text generated always as (right(doc_numero, 2)) stored,  -- what a screen may show: ***.***.***-25
  pais             char(2),
  menor            boolean not null default false,    -- a minor and an incognito guest are never suggested
  incognito        boolean not null default false,
  telefone         text,
  telefone_e164    text,
  email            text,
  vip              text,
  anonimizado_em   timestamptz,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now()
);

-- One row per reserved room; a group is many rows with the same grupo_codigo.
create table reservas (
  id               bigint generated always as identity primary key,
  num_reserva      text not null unique,
  localizador      text,                          -- OTA/GDS locator
  status           text not null
                   check (status in ('a_confirmar', 'confirmada', 'na_casa', 'saida', 'cancelada', 'no_show')),
  chegada_prevista date not null,
  saida_prevista   date not null,
  chegada_real     timestamptz,
  saida_real       timestamptz,
  uh               text,                          -- text ('0203', '12A'); to be trimmed: CM left-pads it to 8
  tipo_uh          text,
  adultos          smallint not null default 1,
  criancas         smallint not null default 0,
  canal            text,
  agencia          text,
  empresa          text,
  grupo_codigo     text,
  segmento         text,
  regime           text,
  diaria           numeric(12, 2),
  moeda            char(3) not null default 'BRL',
  observacoes      text,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  check (saida_prevista >= chegada_prevista)      -- equal = day use
);

-- Guest x reservation: the unit that snapshots, diffs and matching use.
create table listagem_hospedes (
  id               bigint generated always as identity primary key,
  reserva_id       bigint not null references reservas (id),
  hospede_id       bigint references hospedes (id),   -- null while 'ACOMPANHANTE 1'
  pms_linha_id     text unique,
  nome_listagem    text not null,
  titular          boolean not null default false,    -- can move: the next guest is promoted when the titular leaves
  status           text not null
                   check (status in ('a_confirmar', 'confirmada', 'na_casa', 'saida', 'cancelada', 'no_show')),
  uh               text,
  chegada          date not null,
  saida            date not null,
  removido_em      timestamptz,                       -- vanished from the export: soft, never DELETE
  visto_em         timestamptz not null default now(),
  updated_at       timestamptz not null default now()
);
create unique index listagem_titular_uk on listagem_hospedes (reserva_id) where titular and removido_em is null;
create index listagem_uh_ix on listagem_hospedes (uh, chegada, saida);
create index listagem_nome_trgm on listagem_hospedes using gin (nome_listagem gin_trgm_ops);

-- Photo of the house at each collection.
create table hospedes_casa (
  data_hoteleira   date not null,
  coletado_em      timestamptz not null,
  uh               text not null,
  listagem_id      bigint not null references listagem_hospedes (id),
  nome_listagem    text not null,
  titular          boolean not null,
  saida_prevista   date,
  pax              smallint,
  updated_at       timestamptz not null default now(),
  primary key (data_hoteleira, listagem_id)
);


-- ---------------------------------------------------------------------------------------------
-- Service orders and the suggestions for them
-- ---------------------------------------------------------------------------------------------

create table ordens_servico (
  id               bigint generated always as identity primary key,
  numero           text not null unique,
  aberta_em        timestamptz not null default now(),
  aberta_por       text,
  origem           text check (origem in ('recepcao', 'governanca', 'ramal', 'whatsapp', 'app', 'sistema')),
  setor            text not null
                   check (setor in ('manutencao', 'governanca', 'recepcao', 'receptivo', 'aeb', 'spa', 'achados', 'ti')),
  tipo             text not null default 'corretiva'
                   check (tipo in ('corretiva', 'preventiva', 'solicitacao', 'reclamacao', 'achado')),
  prioridade       text not null default 'normal' check (prioridade in ('baixa', 'normal', 'alta', 'urgente')),
  status           text not null default 'aberta'
                   check (status in ('aberta', 'em_andamento', 'aguardando', 'concluida', 'cancelada')),
  local_tipo       text not null default 'uh' check (local_tipo in ('uh', 'area_comum', 'externo')),
  -- as typed; never overwritten
  uh_texto         text,
  solicitante_texto text,
  hospede_texto    text,
  telefone_texto   text,
  descricao        text not null,
  prazo            timestamptz,
  concluida_em     timestamptz,
  -- the link: all null together, or filled together
  hospede_id       bigint references hospedes (id),
  listagem_id      bigint references listagem_hospedes (id),
  sem_hospede      boolean not null default false,    -- reviewed: nobody to link (third party, staff, common area)
  matched_by       text,
  matched_at       timestamptz,
  match_origem     text check (match_origem in ('manual', 'sugestao')),
  match_score      numeric(5, 4),
  texto_versao     integer not null default 1,        -- raised when what staff typed changes; what a reviewer saw
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now(),
  check ((listagem_id is null and not sem_hospede) = (matched_at is null)),
  check ((matched_at is null) = (matched_by is null)),
  check (not (sem_hospede and listagem_id is not null))
);
create index os_abertas_ix on ordens_servico (setor, aberta_em) where status in ('aberta', 'em_andamento', 'aguardando');
create index os_sem_vinculo_ix on ordens_servico (aberta_em) where matched_at is null;
create index os_updated_ix on ordens_servico (updated_at, id);

-- One-way mirror for the hotel's other tools; the app's own database owns the state.
create table sugestoes_match (
  app_id           uuid primary key,
  os_id            bigint not null references ordens_servico (id),
  listagem_id      bigint references listagem_hospedes (id),     -- null = "sem hóspede"
  probabilidade    numeric(5, 4) not null check (probabilidade between 0 and 1),
  posicao          smallint not null,
  motivos          jsonb not null default '[]',                  -- reasons in pt-BR, no document
  modelo           text not null,
  texto_versao     integer not null,
  status           text not null default 'pendente'
                   check (status in ('pendente', 'aceita', 'rejeitada', 'expirada', 'substituida')),
  motivo_fim       text,
  decidida_por     text,
  decidida_em      timestamptz,
  created_at       timestamptz not null default now(),
  updated_at       timestamptz not null default now()
);
create index sugestoes_os_ix on sugestoes_match (os_id, status);


-- ---------------------------------------------------------------------------------------------
-- Revenue management
-- ---------------------------------------------------------------------------------------------

-- How many rooms there are to sell, from a date on.
create table inventario_uh (
  tipo_uh          text not null,
  desde            date not null,
  uh_total         smallint not null check (uh_total >= 0),
  uh_bloqueadas    smallint not null default 0,
  primary key (tipo_uh, desde)
);

-- On-the-books photo: one row per (collected, stay date, room type).
create table rm_diario (
  data_coleta      date not null,
  data_estadia     date not null,
  tipo_uh          text not null,                     -- 'TOTAL' allowed
  uh_total         smallint not null,
  uh_bloqueadas    smallint not null default 0,
  uh_vendidas      smallint not null,
  uh_a_confirmar   smallint not null default 0,
  uh_grupo         smallint not null default 0,
  uh_cortesia      smallint not null default 0,
  uh_uso_casa      smallint not null default 0,
  uh_day_use       smallint not null default 0,
  chegadas         smallint,
  saidas           smallint,
  adultos          smallint,
  criancas         smallint,
  receita          numeric(14, 2) not null default 0,
  tarifa_publica   numeric(12, 2),
  tarifa_mediana_concorrencia numeric(12, 2),
  ocupacao         numeric(6, 4) generated always as
                   (uh_vendidas::numeric / nullif(uh_total - uh_bloqueadas, 0)) stored,
  diaria_media     numeric(12, 2) generated always as (receita / nullif(uh_vendidas, 0)) stored,
  revpar           numeric(12, 2) generated always as (receita / nullif(uh_total - uh_bloqueadas, 0)) stored,
  fonte            text not null,
  coletado_em      timestamptz not null default now(),
  primary key (data_coleta, data_estadia, tipo_uh)
);


-- ---------------------------------------------------------------------------------------------
-- What the tables keep by themselves
-- ---------------------------------------------------------------------------------------------

create or replace function toca() returns trigger language plpgsql set search_path = '' as $$
begin
  new.updated_at := clock_timestamp();
  return new;
end $$;

create or replace function toca_os() returns trigger language plpgsql set search_path = '' as $$
begin
  new.updated_at := clock_timestamp();
  new.texto_versao := old.texto_versao;
  if (new.uh_texto, new.hospede_texto, new.telefone_texto, new.solicitante_texto, new.descricao)
     is distinct from
     (old.uh_texto, old.hospede_texto, old.telefone_texto, old.solicitante_texto, old.descricao) then
    new.texto_versao := old.texto_versao + 1;
  end if;
  return new;
end $$;

create trigger t before update on hospedes for each row execute function toca();
create trigger t before update on reservas for each row execute function toca();
create trigger t before update on listagem_hospedes for each row execute function toca();
create trigger t before update on sugestoes_match for each row execute function toca();
create trigger t before update on ordens_servico for each row execute function toca_os();


-- ---------------------------------------------------------------------------------------------
-- Linking: conditional on what the reviewer saw, idempotent, never over somebody else's link
-- ---------------------------------------------------------------------------------------------

create or replace function vincular_os(
  p_os_id bigint, p_texto_versao int, p_listagem_id bigint, p_usuario text, p_score numeric default null
) returns text language plpgsql security invoker set search_path = public as $$
declare
  o ordens_servico;
  l listagem_hospedes;
begin
  select * into o from ordens_servico where id = p_os_id for update;
  if not found then
    return 'nao_existe';
  end if;
  if o.matched_at is not null then
    -- the same link again (a retry, a double click) is fine
    if o.listagem_id is not distinct from p_listagem_id and o.sem_hospede = (p_listagem_id is null) then
      return 'ja_vinculada';
    end if;
    return 'conflito';
  end if;
  if o.texto_versao <> p_texto_versao then
    return 'conflito';
  end if;
  if p_listagem_id is not null then
    select * into l from listagem_hospedes where id = p_listagem_id;
    if not found or l.removido_em is not null or l.status in ('cancelada', 'no_show') then
      return 'estadia_indisponivel';
    end if;
  end if;
  update ordens_servico
     set listagem_id = p_listagem_id,
         hospede_id = l.hospede_id,
         sem_hospede = (p_listagem_id is null),
         matched_by = p_usuario,
         matched_at = now(),
         match_origem = case when p_score is null then 'manual' else 'sugestao' end,
         match_score = p_score
   where id = p_os_id;
  return 'vinculada';
end $$;

create or replace function desvincular_os(p_os_id bigint, p_listagem_id bigint)
returns text language plpgsql security invoker set search_path = public as $$
declare
  o ordens_servico;
begin
  select * into o from ordens_servico where id = p_os_id for update;
  if not found then
    return 'nao_existe';
  end if;
  if o.matched_at is null then
    return 'ja_desvinculada';
  end if;
  if o.listagem_id is distinct from p_listagem_id then
    return 'conflito';                                -- linked to another since
  end if;
  update ordens_servico
     set listagem_id = null,
         hospede_id = null,
         sem_hospede = false,
         matched_by = null,
         matched_at = null,
         match_origem = null,
         match_score = null
   where id = p_os_id;
  return 'desvinculada';
end $$;


-- ---------------------------------------------------------------------------------------------
-- Access: row level security on everywhere and nothing for anon and authenticated. The next migration adds the app's
-- own role. The project's default privileges stay as they are: each migration closes what it makes.
-- ---------------------------------------------------------------------------------------------

grant usage on schema public to service_role;

do $$
declare
  t text;
begin
  foreach t in array array['hospedes', 'reservas', 'listagem_hospedes', 'hospedes_casa', 'ordens_servico',
                           'sugestoes_match', 'inventario_uh', 'rm_diario'] loop
    execute format('alter table %I enable row level security', t);
    execute format('revoke all on %I from public, anon, authenticated', t);
    execute format('grant select, insert, update on %I to service_role', t);
  end loop;
end $$;

revoke execute on function vincular_os(bigint, int, bigint, text, numeric), desvincular_os(bigint, bigint), toca(),
  toca_os() from public, anon, authenticated;
grant execute on function vincular_os(bigint, int, bigint, text, numeric), desvincular_os(bigint, bigint)
  to service_role;
