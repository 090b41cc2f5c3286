-- Further guests of a service order. The link of an order stays one (`ordens_servico.listagem_id`); who else the order is
-- about stands here, one row a guest. Written only through the two functions below.

create table ordens_servico_hospedes (
  os_id            bigint not null references ordens_servico (id) on delete cascade,
  listagem_id      bigint not null references listagem_hospedes (id),
  hospede_id       bigint references hospedes (id),
  matched_by       text not null,
  matched_at       timestamptz not null default now(),
  primary key (os_id, listagem_id)
);
create index os_hospedes_listagem_ix on ordens_servico_hospedes (listagem_id);
create index os_hospedes_hospede_ix on ordens_servico_hospedes (hospede_id);


-- Both lock the order first, as vincular_os does, and are idempotent. A further guest needs the order's own link.
create or replace function vincular_hospede_os(
  p_os_id bigint, p_texto_versao int, p_listagem_id bigint, p_usuario text
) returns text language plpgsql security definer set search_path = public, pg_temp as $$
declare
  o ordens_servico;
  l listagem_hospedes;
begin
  select * into o from ordens_servico where id = p_os_id for update;
  if not found then
    return 'nao_existe';
  end if;
  if o.listagem_id = p_listagem_id
     or exists (select from ordens_servico_hospedes where os_id = p_os_id and listagem_id = p_listagem_id) then
    return 'ja_vinculada';
  end if;
  if o.texto_versao <> p_texto_versao or o.listagem_id is null then
    return 'conflito';
  end if;
  select * into l from listagem_hospedes where id = p_listagem_id;
  if not found or l.removido_em is not null or l.status in ('cancelada', 'no_show') then
    return 'estadia_indisponivel';
  end if;
  insert into ordens_servico_hospedes (os_id, listagem_id, hospede_id, matched_by)
  values (p_os_id, p_listagem_id, l.hospede_id, p_usuario);
  return 'vinculada';
end $$;

create or replace function desvincular_hospede_os(p_os_id bigint, p_listagem_id bigint)
returns text language plpgsql security definer set search_path = public, pg_temp as $$
begin
  perform from ordens_servico where id = p_os_id for update;
  if not found then
    return 'nao_existe';
  end if;
  delete from ordens_servico_hospedes where os_id = p_os_id and listagem_id = p_listagem_id;
  if not found then
    return 'ja_desvinculada';
  end if;
  return 'desvinculada';
end $$;


-- The app reads the table and writes it through the two functions, which run as their owner.
alter table ordens_servico_hospedes enable row level security;
revoke all on ordens_servico_hospedes from public, anon, authenticated, service_role;
grant select on ordens_servico_hospedes to sistema_os_app, service_role;
create policy sistema_os_app_le on ordens_servico_hospedes for select to sistema_os_app using (true);

revoke execute on function vincular_hospede_os(bigint, int, bigint, text), desvincular_hospede_os(bigint, bigint)
  from public, anon, authenticated;
grant execute on function vincular_hospede_os(bigint, int, bigint, text), desvincular_hospede_os(bigint, bigint)
  to sistema_os_app, service_role;
