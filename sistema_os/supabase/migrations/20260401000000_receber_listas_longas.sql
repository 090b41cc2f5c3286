-- The two functions for lists of 100,000 lines: fewer passes over them, and nothing that grows with lines times guests
-- who are missing. What they do stays (docs/integracao.md). PostgREST applies their statement_timeout to the request.


-- Half of each page stays free: a whole-house list moves visto_em of every row, in place and without index writes.
alter table listagem_hospedes set (fillfactor = 50);


-- Receives stay lines: see docs/integracao.md. Returns counts; "recusa" is one sentence when nothing was written.
create or replace function receber_listagem(
  linhas jsonb, data date, escopo text, fonte text default null, hotel text default null,
  simular boolean default false
) returns jsonb language plpgsql security definer set search_path = public, extensions, pg_temp
set jit = off set work_mem = '64MB' set statement_timeout = '5min' as $$
#variable_conflict use_column
declare
  v_linhas    constant jsonb := linhas;
  v_data      constant date := data;
  v_escopo    constant text := escopo;
  v_fonte     constant text := nullif(btrim(fonte), '');
  v_hotel     constant text := nullif(btrim(hotel), '');
  -- "ACOMPANHANTE 1": not a name
  v_generico  constant text :=
    '^(\d+ )*(acompanhante|adulto|adult|crianca|child|chd|hospede|guest|pax|companion|informado nao|nome sem|tba|tbn)$';
  -- What stands between the words of a name: the usual signs, and any other.
  v_sinais    constant text := ',.-/''';
  v_outros    constant text := E'[[:punct:]\t\n\r\u00a0]+';
  v_brancos   constant text := repeat(' ', length(v_sinais));
  v_reserva_seq constant regclass := pg_get_serial_sequence('reservas', 'id');
  v_ficha_seq constant regclass := pg_get_serial_sequence('listagem_hospedes', 'id');
  v_simular   constant boolean := coalesce(simular, false);
  v_agora     constant timestamptz := clock_timestamp();
  v_resumo    text;
  v_recusa    text;
  v_anterior  record;
  v_avisos    text[] := '{}';
  v_total     integer := 0;
  v_recusadas jsonb := '[]';
  v_ruins     integer := 0;
  v_contas    jsonb := '{}';
  v_esperados integer;
  v_achados   integer;
  v_faltaram  integer := 0;
  v_sairam    integer := 0;
  v_sumiram   integer := 0;
begin
  -- One list at a time: a second call waits, and sees what the first one wrote.
  perform pg_advisory_xact_lock(20260201);

  -- 1. What is judged without reading the lines.
  v_recusa := case
    when v_linhas is null or jsonb_typeof(v_linhas) <> 'array' then 'As linhas precisam vir numa lista JSON.'
    when v_data is null then 'Falta a data da listagem.'
    when v_escopo is null or v_escopo not in ('casa', 'chegadas', 'saidas', 'grupo')
      then 'O escopo precisa ser casa, chegadas, saidas ou grupo.'
    when v_data > (v_agora at time zone 'America/Sao_Paulo')::date + 1
      then format('A data %s ainda não chegou: confira o dia e o mês.', to_char(v_data, 'DD/MM/YYYY'))
    when exists (select from jsonb_array_elements(v_linhas) l where jsonb_typeof(l) <> 'object')
      then 'Cada linha precisa ser um objeto JSON.'
  end;
  if v_recusa is null then
    v_total := jsonb_array_length(v_linhas);
    v_resumo := to_hex(jsonb_hash_extended(v_linhas, 1)) || to_hex(jsonb_hash_extended(v_linhas, 2));
    select c.data, c.resumo into v_anterior from cargas_recebidas c
     where c.tipo = 'listagem' and c.escopo = 'casa' order by c.data desc, c.recebida_em desc limit 1;
    v_recusa := case
      when v_anterior.data > v_data then format(
        'Esta listagem é de %s, e já há uma da casa inteira de %s: peça uma nova exportação.',
        to_char(v_data, 'DD/MM/YYYY'), to_char(v_anterior.data, 'DD/MM/YYYY'))
      when v_hotel is not null and (
        select lower(unaccent(c.hotel)) <> lower(unaccent(v_hotel)) from cargas_recebidas c
         where c.tipo = 'listagem' and c.hotel is not null order by c.recebida_em desc limit 1)
        then format('Esta listagem é de outro hotel (%s).', v_hotel)
      when v_escopo = 'casa' and v_total = 0 then 'A lista está vazia.'
      -- The file of an earlier export after today's; or of an earlier date, as only a small house stays the same for a day.
      when v_escopo = 'casa' and exists (
        select from cargas_recebidas c where c.tipo = 'listagem' and c.escopo = 'casa' and c.resumo = v_resumo
           and (c.data < v_data and v_total > 50 or v_anterior.data = v_data and v_anterior.resumo <> v_resumo))
        then 'Esta listagem já foi recebida antes, linha por linha: peça uma nova exportação.'
    end;
  end if;

  -- The block is undone as a whole when the lines are refused, and when it only simulates.
  if v_recusa is null then
  begin
    drop table if exists pg_temp.rl_linha, pg_temp.rl_grupo, pg_temp.rl_reserva, pg_temp.rl_ficha, pg_temp.rl_destino,
      pg_temp.rl_mudou, pg_temp.rl_par, pg_temp.rl_gente;

    -- 2. The lines, typed. `chave` is the reserved room: booking and room, or room and arrival.
    create temp table rl_linha on commit drop as
    with bruta as materialized (
      select l.n::integer as n, nullif(btrim(l.booking), '') as booking, nullif(btrim(l.room), '') as room,
             nullif(ltrim(regexp_replace(upper(l.room), '[^[:alnum:]]', '', 'g'), '0'), '') as quarto,
             nullif(btrim(case when strpos(l.name, '  ') > 0 or l.name ~ E'[\t\n\r\u00a0]'
                               then regexp_replace(l.name, E'[ \t\n\r\u00a0]+', ' ', 'g') else l.name end), '') as name,
             lower(coalesce(l.main, 'true')) = 'true' as main, l.arrival, l.departure,
             nullif(l.status, '') as status, nullif(btrim(l.company), '') as company,
             nullif(btrim(l.agency), '') as agency, nullif(btrim(l."group"), '') as grupo_codigo,
             nullif(btrim(l.channel), '') as channel, nullif(btrim(l.phone), '') as phone,
             nullif(btrim(l.email), '') as email, nullif(btrim(l.country), '') as country,
             case lower(l.minor) when 'true' then true when 'false' then false end as minor,
             nullif(btrim(l.note), '') as note, nullif(btrim(l.person_id), '') as person_id,
             nullif(btrim(l.line_id), '') as line_id
        from rows from (jsonb_to_recordset(v_linhas) as (
               booking text, room text, name text, main text, arrival text, departure text, status text, company text,
               agency text, "group" text, channel text, phone text, email text, country text, minor text, note text,
               person_id text, line_id text)) with ordinality as l (
               booking, room, name, main, arrival, departure, status, company, agency, "group", channel, phone, email,
               country, minor, note, person_id, line_id, n)
    ), dia as materialized (
      select texto, case when texto ~ '^(19|20)\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$' then case
               when right(texto, 2)::integer <= extract(day from
                    make_date(left(texto, 4)::integer, substr(texto, 6, 2)::integer, 1) + interval '1 month -1 day')
               then texto::date end end as valor
        from (select arrival as texto from bruta union select departure from bruta) t where texto is not null
    ), datada as materialized (
      select b.*, a.valor as chegada, s.valor as saida,
             case when b.name is null then 'falta o nome'
                  when a.valor is null then format('a chegada “%s” não é uma data AAAA-MM-DD', left(b.arrival, 40))
                  when s.valor is null then format('a saída “%s” não é uma data AAAA-MM-DD', left(b.departure, 40))
                  when s.valor < a.valor then 'a saída é antes da chegada'
                  when b.status not in ('a_confirmar', 'confirmada', 'na_casa', 'saida', 'cancelada', 'no_show')
                  then format('a situação “%s” não existe', left(b.status, 40))
             end as motivo
        from bruta b left join dia a on a.texto = b.arrival left join dia s on s.texto = b.departure
    ), palavra as materialized (
      -- The words of each name in order: "SILVA, Ana" and "Ana Silva" are the same.
      select n, string_agg(p, ' ' order by p collate "C") as dobrado
        from (select n, unnest(string_to_array(case when x ~ v_outros then regexp_replace(x, v_outros, ' ', 'g') else x end,
                                               ' ')) as p
                from (select n, translate(lower(unaccent(name)), v_sinais, v_brancos) as x from bruta
                       where name is not null offset 0) t) t
       where p <> '' group by n
    ), reservada as (
      select d.*,
             coalesce(quarto, case when booking is not null and min(quarto) over r = max(quarto) over r
                                   then min(quarto) over r end) as quarto_da_reserva,
             greatest(1, count(*) filter (where main and quarto is null) over (
               partition by booking, motivo is null order by n)) as vez_sem_quarto
        from datada d window r as (partition by booking, motivo is null)
    ), terra as materialized (
      select country as escrito, pais_de(country) as pais from (select distinct country from bruta) t
    ), chaveada as (
      select r.n, booking, room, quarto_da_reserva as quarto, name, dobrado, main, chegada, saida, status, company, agency,
             grupo_codigo, channel, phone, email, pais, minor, note, person_id,
             case when line_id is not null and count(*) over (partition by line_id) = 1 then line_id end as line_id, motivo,
             case when booking is not null then 'B' || booking || '|' || coalesce(quarto_da_reserva, '#' || vez_sem_quarto)
                  when quarto is not null then 'S' || quarto || '|' || chegada
                  else 'S#' || vez_sem_quarto end as chave
        from reservada r left join terra on escrito = country left join palavra p on p.n = r.n
    ), unica as (
      select c.*, case when motivo is null and main
                        and row_number() over (partition by chave, dobrado, motivo is null, main order by n) > 1
                       then 'linha repetida' else motivo end as motivo_final
        from chaveada c
    )
    select n, booking, room, quarto, name, dobrado, main, chegada, saida, status, company, agency, grupo_codigo, channel,
           phone, email, pais, minor, note, person_id, line_id, motivo_final as motivo, chave,
           row_number() over (partition by chave, motivo_final is null order by main desc, n) = 1 as titular,
           row_number() over (partition by chave, dobrado, motivo_final is null order by main desc, n)::integer as vez,
           dobrado is null or dobrado ~ v_generico as generico
      from unica;

    select count(*), coalesce(jsonb_agg(jsonb_build_object('linha', n, 'motivo', motivo) order by n), '[]')
      into v_ruins, v_recusadas from rl_linha where motivo is not null;
    select case
        when v_ruins > 0 and v_ruins = v_total
          then 'Nenhuma linha serve: ' || (v_recusadas -> 0 ->> 'motivo') || '.'
        when v_ruins > 5 and v_ruins * 5 > v_total
          then format('%s de %s linhas não servem: %s.', v_ruins, v_total, v_recusadas -> 0 ->> 'motivo')
        when v_escopo = 'casa' and count(*) filter (where na_casa and chegada > v_data) > greatest(2, count(*) / 10)
          then format('Esta listagem é de um dia posterior a %s: há hóspedes na casa que ainda não chegaram.',
                      to_char(v_data, 'DD/MM/YYYY'))
        when v_escopo = 'casa' and count(*) filter (where na_casa and saida < v_data) > greatest(3, count(*) * 3 / 10)
          then format('Esta listagem é de um dia anterior a %s: há hóspedes na casa que já teriam saído.',
                      to_char(v_data, 'DD/MM/YYYY'))
      end into v_recusa
      from (select chegada, saida, status = 'na_casa' as na_casa from rl_linha where motivo is null) l;
    if v_recusa is not null then
      raise exception using errcode = 'RL001';
    end if;

    create temp table rl_grupo on commit drop as
      select distinct on (chave) chave, booking, quarto, room, dobrado, chegada, saida, status, n, null::bigint as reserva,
             max(company) over g as company, max(agency) over g as agency, max(grupo_codigo) over g as grupo_codigo,
             max(channel) over g as channel, coalesce(note, max(note) over g) as note,
             count(*) filter (where minor is not true) over g as adultos, count(*) filter (where minor) over g as criancas
        from rl_linha where motivo is null
      window g as (partition by chave)
       order by chave, titular desc;
    analyze rl_linha (n, chave, dobrado, motivo);
    analyze rl_grupo (chave, booking, dobrado);

    -- 3. Which stored reservation is which reserved room.
    create temp table rl_reserva on commit drop as
      select r.id, r.num_reserva, r.status, r.chegada_prevista as chegada,
             case when r.num_reserva like 'sem-numero:%' then null
                  when exists (select from rl_grupo g where g.booking = r.num_reserva) then r.num_reserva
                  else regexp_replace(r.num_reserva, '#[^#]*$', '') end as booking,
             nullif(ltrim(regexp_replace(upper(r.uh), '[^[:alnum:]]', '', 'g'), '0'), '') as quarto
        from reservas r
       where r.saida_prevista >= v_data - 60 or r.num_reserva in (select booking from rl_grupo);
    create temp table rl_ficha on commit drop as
      select f.id, f.reserva_id as reserva, f.hospede_id as pessoa, f.pms_linha_id as line_id, f.titular, f.removido_em,
             f.nome_listagem, p.dobrado, p.dobrado is null or p.dobrado ~ v_generico as generico,
             row_number() over (partition by f.reserva_id, p.dobrado
                                order by f.removido_em nulls first, f.titular desc, f.id)::integer as vez
        from listagem_hospedes f left join (
             select id, string_agg(p, ' ' order by p collate "C") as dobrado
               from (select id, unnest(string_to_array(case when x ~ v_outros then regexp_replace(x, v_outros, ' ', 'g')
                                                             else x end, ' ')) p
                       from (select id, translate(lower(unaccent(nome_listagem)), v_sinais, v_brancos) as x
                               from listagem_hospedes
                              where reserva_id in (select id from rl_reserva)
                                 or pms_linha_id in (select line_id from rl_linha where line_id is not null) offset 0) t) t
              where p <> '' group by id) p on p.id = f.id
       where f.reserva_id in (select id from rl_reserva)
          or f.pms_linha_id in (select line_id from rl_linha where line_id is not null);
    analyze rl_reserva (id, booking, quarto);
    analyze rl_ficha (id, reserva, dobrado);

    -- Best evidence first; each group and each reservation is used once.
    for v_achados in 1..7 loop
      exit when not exists (select from rl_grupo where reserva is null) or not exists (select from rl_reserva);
      with par as (
        -- same booking, same room, same main guest
        select g.chave, r.id from rl_grupo g join rl_reserva r on r.booking = g.booking
           and coalesce(r.quarto, '') = coalesce(g.quarto, '')
          join rl_ficha f on f.reserva = r.id and f.dobrado = g.dobrado
         where v_achados = 1 and g.reserva is null
        union all
        -- same booking, same room
        select g.chave, r.id from rl_grupo g join rl_reserva r on r.booking = g.booking
           and coalesce(r.quarto, '') = coalesce(g.quarto, '')
         where v_achados = 2 and g.reserva is null
        union all
        -- same booking, same main guest: a room move, or a room that is assigned now
        select g.chave, r.id from rl_grupo g join rl_reserva r on r.booking = g.booking
          join rl_ficha f on f.reserva = r.id and f.dobrado = g.dobrado and f.titular
         where v_achados = 3 and g.reserva is null
           and (v_escopo = 'casa' or r.quarto is null or g.quarto is null or r.status in ('a_confirmar', 'confirmada'))
        union all
        -- the rest of the booking
        select g.chave, r.id from rl_grupo g join rl_reserva r on r.booking = g.booking
         where v_achados = 4 and g.reserva is null and (v_escopo = 'casa' or r.quarto is null or g.quarto is null)
        union all
        -- one side has no booking number: same room, arrival and a guest
        select g.chave, r.id from rl_grupo g join rl_linha l on l.chave = g.chave and l.motivo is null
          join rl_ficha f on f.dobrado = l.dobrado and not f.generico
          join rl_reserva r on r.id = f.reserva and r.chegada = g.chegada and coalesce(r.quarto, '') = coalesce(g.quarto, '')
         where v_achados = 5 and g.reserva is null and (g.booking is null or r.booking is null)
        union all
        -- one side has no booking number: same arrival and main guest, a room move
        select g.chave, r.id from rl_grupo g
          join rl_ficha f on f.dobrado = g.dobrado and f.titular and not f.generico
          join rl_reserva r on r.id = f.reserva and r.chegada = g.chegada
         where v_achados = 6 and g.reserva is null and (g.booking is null or r.booking is null)
           and r.status in ('a_confirmar', 'confirmada', 'na_casa')
        union all
        -- no booking number on either side: same room and arrival, a similar name
        select g.chave, r.id from rl_grupo g join rl_reserva r on r.quarto = g.quarto and r.chegada = g.chegada
          join rl_ficha f on f.reserva = r.id and f.titular and similarity(f.dobrado, g.dobrado) >= 0.45
         where v_achados = 7 and g.reserva is null and g.booking is null and r.booking is null
      ), livre as (
        select distinct on (p.chave) p.chave, p.id from par p join rl_grupo g using (chave)
         where not exists (select from rl_grupo x where x.reserva = p.id)
         order by p.chave, p.id
      )
      update rl_grupo g set reserva = u.id
        from (select distinct on (id) id, chave from livre order by id, chave) u where u.chave = g.chave;
    end loop;

    -- 4. Reservations. What the list does not say stays as it is.
    create temp table rl_mudou (tipo text, id bigint) on commit drop;
    alter table rl_grupo add column nova boolean not null default false, add column numero text;
    update rl_grupo g
       set reserva = nextval(v_reserva_seq), nova = true,
           numero = case when n.usado or n.repetido > 1 then n.numero || '#' || left(md5(g.chave || v_agora), 8)
                         else n.numero end
      from (
        select v.chave, v.numero, exists (select from reservas r where r.num_reserva = v.numero) as usado,
               row_number() over (partition by v.numero order by v.n) as repetido
          from (select chave, n, case
                         when booking is null then 'sem-numero:' || left(md5(concat_ws('|', quarto, chegada, dobrado)), 16)
                         when row_number() over (partition by booking order by n) = 1
                              and not exists (select from reservas r where r.num_reserva = booking) then booking
                         else booking || '#' || coalesce(quarto, row_number() over (partition by booking order by n)::text)
                       end as numero
                  from rl_grupo where reserva is null) v
      ) n
     where n.chave = g.chave;
    insert into reservas (id, num_reserva, status, chegada_prevista, saida_prevista, uh, adultos, criancas, canal, agencia,
                          empresa, grupo_codigo, observacoes) overriding system value
    select reserva, numero,
           coalesce(status, case when v_escopo in ('chegadas', 'grupo') or chegada > v_data then 'confirmada'
                                 when saida < v_data then 'saida' else 'na_casa' end),
           chegada, saida, room, least(adultos, 999), least(criancas, 999), channel, agency, company, grupo_codigo, note
      from rl_grupo where nova;
    with alvo as (
      select r.id, case
               when g.status is null and v_escopo <> 'casa' then r.status
               when v_escopo <> 'casa' and r.status = 'saida' and g.status in ('a_confirmar', 'confirmada', 'na_casa')
               then r.status
               when v_escopo <> 'casa' and r.status = 'na_casa' and g.status in ('a_confirmar', 'confirmada')
               then r.status
               when g.status is not null then g.status
               when g.chegada > v_data then 'confirmada' when g.saida < v_data then 'saida' else 'na_casa' end as status,
             g.chegada, g.saida,
             case when g.quarto is null or g.quarto = ltrim(regexp_replace(upper(r.uh), '[^[:alnum:]]', '', 'g'), '0')
                  then r.uh else g.room end as uh,
             case when v_escopo = 'casa' then least(g.adultos, 999) else greatest(r.adultos, g.adultos) end as adultos,
             case when v_escopo = 'casa' then greatest(r.criancas, g.criancas) else greatest(r.criancas, g.criancas) end
               as criancas,
             coalesce(g.channel, r.canal) as canal, coalesce(g.agency, r.agencia) as agencia,
             coalesce(g.company, r.empresa) as empresa, coalesce(g.grupo_codigo, r.grupo_codigo) as grupo_codigo,
             coalesce(g.note, r.observacoes) as observacoes,
             case when r.num_reserva like 'sem-numero:%' and g.booking is not null
                   and not exists (select from reservas x where x.num_reserva = g.booking)
                   and row_number() over (partition by g.booking, r.num_reserva like 'sem-numero:%' order by g.n) = 1
                  then g.booking else r.num_reserva end as num_reserva
        from rl_grupo g join reservas r on r.id = g.reserva where not g.nova
    ), u as (
      update reservas r
         set status = a.status, chegada_prevista = a.chegada, saida_prevista = a.saida, uh = a.uh, adultos = a.adultos,
             criancas = a.criancas, canal = a.canal, agencia = a.agencia, empresa = a.empresa,
             grupo_codigo = a.grupo_codigo, observacoes = a.observacoes, num_reserva = a.num_reserva
        from alvo a
       where a.id = r.id
         and (r.status, r.chegada_prevista, r.saida_prevista, r.uh, r.adultos, r.criancas, r.canal, r.agencia, r.empresa,
              r.grupo_codigo, r.observacoes, r.num_reserva)
             is distinct from
             (a.status, a.chegada, a.saida, a.uh, a.adultos, a.criancas, a.canal, a.agencia, a.empresa,
              a.grupo_codigo, a.observacoes, a.num_reserva)
      returning r.id
    )
    insert into rl_mudou select 'reserva', id from u;

    -- 5. Which stored row is which line: its id, then its name within the reservation, then the person's id, then what
    -- is left of the reservation where one side has no name or the names are similar.
    create temp table rl_par on commit drop as
      select l.n, g.reserva, l.dobrado, l.vez, l.generico, l.line_id, l.person_id, null::bigint as ficha
        from rl_linha l join rl_grupo g using (chave) where l.motivo is null;
    analyze rl_par (n, reserva, dobrado);
    for v_achados in 1..5 loop
      exit when not exists (select from rl_par where ficha is null)
             or not exists (select from rl_ficha);
      with par as (
        select l.n, f.id, 1::real as peso from rl_par l join rl_ficha f on f.line_id = l.line_id
         where v_achados = 1 and l.ficha is null
           and (f.reserva = l.reserva or f.dobrado = l.dobrado)
        union all
        select l.n, f.id, 1 from rl_par l
          join rl_ficha f on f.reserva = l.reserva and f.dobrado = l.dobrado and f.vez = l.vez
         where v_achados = 2 and l.ficha is null
        union all
        select l.n, f.id, 1 from rl_par l join hospedes h on h.pms_hospede_id = l.person_id
          join rl_ficha f on f.reserva = l.reserva and f.pessoa = h.id
         where v_achados = 3 and l.ficha is null
        union all
        select l.n, f.id, similarity(f.dobrado, l.dobrado) from rl_par l join rl_ficha f on f.reserva = l.reserva
         where v_achados = 4 and l.ficha is null and not f.generico and not l.generico
           and (similarity(f.dobrado, l.dobrado) >= 0.45
                or string_to_array(f.dobrado, ' ') <@ string_to_array(l.dobrado, ' ')
                or string_to_array(l.dobrado, ' ') <@ string_to_array(f.dobrado, ' '))
        union all
        select l.n, f.id, 1 from (
            select n, reserva, generico, row_number() over (partition by reserva order by n) as ordem from rl_par
             where v_achados = 5 and ficha is null) l
          join (
            select id, reserva, generico, row_number() over (partition by reserva order by id) as ordem from rl_ficha f
             where f.removido_em is null and not exists (select from rl_par x where x.ficha = f.id)) f
            on f.reserva = l.reserva and f.ordem = l.ordem and (f.generico or l.generico)
      ), livre as (
        select distinct on (p.n) p.n, p.id, p.peso from par p
         where not exists (select from rl_par x where x.ficha = p.id)
         order by p.n, p.peso desc, p.id
      )
      update rl_par l set ficha = u.id
        from (select distinct on (id) id, n from livre order by id, peso desc, n) u where u.n = l.n;
    end loop;

    -- 6. Is this the list of this house? Most of those who were to stay have to be in it.
    if v_escopo = 'casa' then
      select count(*), count(l.ficha) into v_esperados, v_achados
        from listagem_hospedes f left join rl_par l on l.ficha = f.id
       where f.status = 'na_casa' and f.removido_em is null and f.saida > v_data and f.casa_em >= v_data - 3;
      if v_esperados >= 8 and v_achados * 5 < v_esperados then
        v_recusa := format(
          'Dos %s hóspedes que continuariam na casa, só %s estão nesta lista: é de outro hotel, de outra data ou incompleta.',
          v_esperados, v_achados);
        raise exception using errcode = 'RL001';
      end if;
    end if;

    -- 7. People. A profile without an id of the exporting system belongs to one row of the guest list.
    update hospedes h set pms_hospede_id = p.person_id
      from (select distinct on (f.pessoa) f.pessoa, l.person_id from rl_par l join rl_ficha f on f.id = l.ficha
             where l.person_id is not null and f.pessoa is not null
               and not exists (select from hospedes x where x.pms_hospede_id = l.person_id)
             order by f.pessoa, l.n) p
     where h.id = p.pessoa and h.pms_hospede_id like 'listagem:%'
       and not exists (select from rl_par o join rl_ficha fo on fo.id = o.ficha
                        where o.person_id = p.person_id and fo.pessoa <> p.pessoa);
    -- `antes`: the person was there before this list.
    create temp table rl_gente on commit drop as
      select p.n, p.perfil, coalesce(h.id, p.pessoa) as antes
        from (select r.n, f.pessoa, coalesce(r.person_id, case
                       when f.pessoa is null and (not r.generico or coalesce(l.phone, l.email) is not null or l.minor)
                       then 'listagem:' || md5(concat_ws('|', r.reserva, r.dobrado, r.vez)) end) as perfil
                from rl_par r join rl_linha l using (n) left join rl_ficha f on f.id = r.ficha) p
        left join hospedes h on h.pms_hospede_id = p.perfil;
    analyze rl_gente (n, perfil, antes);
    -- A row that already has a person keeps it, unless the list names another one.
    insert into hospedes (pms_hospede_id, nome, pais, menor, incognito, telefone, email)
    select distinct on (g.perfil) g.perfil, l.name, l.pais, coalesce(l.minor, h.menor, false),
           coalesce(h.incognito, false), max(l.phone) over p, max(l.email) over p
      from rl_gente g join rl_linha l using (n) join rl_par r using (n)
      left join rl_ficha f on f.id = r.ficha left join hospedes h on h.id = f.pessoa
     where g.perfil is not null and not exists (select from hospedes x where x.pms_hospede_id = g.perfil)
    window p as (partition by g.perfil)
     order by g.perfil, l.generico, l.titular desc, l.n;
    with alvo as (
      select distinct on (h.id) h.id, case when l.generico then h.nome else l.name end as nome,
             coalesce(l.pais, h.pais) as pais,
             coalesce(bool_or(l.minor) over p, h.menor) as menor,
             coalesce(l.phone, max(l.phone) over p, h.telefone) as telefone,
             coalesce(l.email, max(l.email) over p, h.email) as email
        from rl_gente g join rl_linha l using (n) join hospedes h on h.id = g.antes
       where h.anonimizado_em is null
      window p as (partition by h.id)
       order by h.id, l.generico, l.titular desc, l.n
    ), u as (
      update hospedes h set nome = a.nome, pais = a.pais, menor = a.menor, telefone = a.telefone, email = a.email
        from alvo a
       where a.id = h.id and (h.nome, h.pais, h.menor, h.telefone, h.email)
             is distinct from (a.nome, a.pais, a.menor, a.telefone, a.email)
      returning h.id
    )
    insert into rl_mudou select 'hospede', id from u;

    -- 8. The guest list itself.
    create temp table rl_destino on commit drop as
      select l.n, coalesce(f.id, nextval(v_ficha_seq)) as id, f.id is null as nova,
             r.reserva, coalesce(g.antes, h.id, f.hospede_id) as pessoa,
             coalesce(f.pms_linha_id, l.line_id) as line_id,
             case when f.id is null then l.name
                  when l.generico and not af.generico then f.nome_listagem
                  when upper(f.nome_listagem) = upper(l.name) then f.nome_listagem else l.name end as nome,
             l.titular, case
               when l.status is null and f.id is not null and v_escopo <> 'casa' then f.status
               when v_escopo <> 'casa' and f.status = 'saida' and l.status in ('a_confirmar', 'confirmada', 'na_casa')
               then f.status
               when v_escopo <> 'casa' and f.status = 'na_casa' and l.status in ('a_confirmar', 'confirmada')
               then f.status
               when l.status is not null then l.status
               when v_escopo in ('chegadas', 'grupo') or l.chegada > v_data then 'confirmada'
               when l.saida < v_data then 'saida' else 'na_casa' end as status,
             case when f.id is null then l.room
                  when l.quarto is null or l.quarto = ltrim(regexp_replace(upper(f.uh), '[^[:alnum:]]', '', 'g'), '0')
                  then f.uh else coalesce(l.room, f.uh) end as uh,
             l.chegada, l.saida, f.removido_em is not null as voltou
        from rl_par r join rl_linha l using (n) join rl_gente g using (n)
        left join hospedes h on g.antes is null and h.pms_hospede_id = g.perfil
        left join listagem_hospedes f on f.id = r.ficha left join rl_ficha af on af.id = r.ficha;
    -- An id that another row holds (recycled by the exporting system) is not taken over.
    update rl_destino d set line_id = null
     where d.line_id is not null and exists (select from listagem_hospedes x where x.pms_linha_id = d.line_id and x.id <> d.id);
    analyze rl_destino (id, reserva);
    insert into rl_mudou
      select 'ficha', f.id from rl_destino d join listagem_hospedes f on f.id = d.id
       where (f.reserva_id, f.hospede_id, f.pms_linha_id, f.nome_listagem, f.titular, f.status, f.uh, f.chegada, f.saida,
              f.removido_em)
             is distinct from
             (d.reserva, d.pessoa, d.line_id, d.nome, d.titular, d.status, d.uh, d.chegada, d.saida, null);
    -- A reservation has one main guest at any moment: former ones first, also where they are not in the list.
    update listagem_hospedes f set titular = false
      from rl_destino d
     where f.titular and f.removido_em is null and d.titular and f.reserva_id = d.reserva and f.id <> d.id;
    update listagem_hospedes f
       set reserva_id = d.reserva, hospede_id = d.pessoa, pms_linha_id = d.line_id, nome_listagem = d.nome,
           titular = d.titular, status = d.status, uh = d.uh, chegada = d.chegada, saida = d.saida, removido_em = null,
           visto_em = v_agora, ausente_desde = null,
           casa_em = case when v_escopo = 'casa' then v_data else f.casa_em end
      from rl_destino d where d.id = f.id;
    insert into listagem_hospedes (id, reserva_id, hospede_id, pms_linha_id, nome_listagem, titular, status, uh, chegada,
                                   saida, visto_em, casa_em) overriding system value
      select id, reserva, pessoa, line_id, nome, titular, status, uh, chegada, saida, v_agora,
             case when v_escopo = 'casa' then v_data end
        from rl_destino where nova;

    -- 9. Who is missing. Only a list of the whole house says so; a refused line may be anybody's.
    if v_escopo = 'casa' and not exists (
         select from rl_linha where motivo <> 'linha repetida' and booking is null and dobrado is null) then
      create temp table rl_falta on commit drop as
        with ruim as materialized (select booking, dobrado from rl_linha where motivo <> 'linha repetida')
        select f.id, f.status, f.chegada, f.saida, f.ausente_desde, f.reserva_id as reserva
          from listagem_hospedes f join reservas r on r.id = f.reserva_id
         where f.removido_em is null and not exists (select from rl_destino d where d.id = f.id)
           and (f.status = 'na_casa'
                or f.status in ('a_confirmar', 'confirmada') and (f.casa_em is not null or f.chegada < v_data))
           and not exists (
             select from ruim l
              where r.num_reserva = l.booking or starts_with(r.num_reserva, l.booking || '#')
                 or l.dobrado = (select string_agg(p, ' ' order by p collate "C") from unnest(string_to_array(
                      regexp_replace(lower(unaccent(f.nome_listagem)), v_outros, ' ', 'g'), ' ')) p where p <> ''));
      -- The planned departure is over, or the second list in a row without the guest.
      with u as (
        update listagem_hospedes f
           set status = 'saida', saida = least(f.saida, greatest(f.chegada, coalesce(f.ausente_desde, f.saida)))
          from rl_falta a where a.id = f.id and a.status = 'na_casa' and (a.saida < v_data or a.ausente_desde < v_data)
        returning f.id)
      select count(*) into v_sairam from u;
      with u as (
        update listagem_hospedes f set removido_em = v_agora
          from rl_falta a where a.id = f.id and a.status <> 'na_casa' and a.ausente_desde < v_data
        returning f.id)
      select count(*) into v_sumiram from u;
      with u as (
        update listagem_hospedes f set ausente_desde = v_data
          from rl_falta a where a.id = f.id and a.ausente_desde is null and not (a.status = 'na_casa' and a.saida < v_data)
        returning f.id)
      select count(*) into v_faltaram from u;
      v_faltaram := v_faltaram + (select count(*) from rl_falta where ausente_desde = v_data);
      update reservas r set status = 'saida'
       where r.status = 'na_casa' and r.id in (select reserva from rl_falta where status = 'na_casa')
         and not exists (select from listagem_hospedes f where f.reserva_id = r.id and f.removido_em is null
                            and f.status in ('na_casa', 'a_confirmar', 'confirmada'));
    end if;

    -- 10. The account.
    select jsonb_build_object('novas', count(*) filter (where nova), 'alteradas', count(*) filter (where not nova and mudou),
                              'iguais', count(*) filter (where not nova and not mudou),
                              'voltaram', count(*) filter (where voltou))
      into v_contas
      from (select d.nova, d.voltou,
                   d.id in (select id from rl_mudou where tipo = 'ficha')
                   or d.reserva in (select id from rl_mudou where tipo = 'reserva')
                   or coalesce(d.pessoa in (select id from rl_mudou where tipo = 'hospede'), false) as mudou
              from rl_destino d) d;
    v_avisos := array_remove(array[
      case when v_escopo = 'casa' and exists (
             select from cargas_recebidas c where c.tipo = 'listagem' and c.escopo = 'casa' and c.resumo = v_resumo
                and c.data < v_data)
           then 'Esta listagem é igual, linha por linha, à de um dia anterior.' end,
      case when v_faltaram > 0 and v_faltaram * 4 > v_total then format(
        '%s hóspedes faltam nesta lista da casa inteira; só saem se faltarem também na próxima.', v_faltaram) end,
      case when v_escopo = 'casa' and not exists (select from rl_linha where minor) then
        'Nenhum menor de idade está marcado na lista.' end], null);
    insert into cargas_recebidas (tipo, escopo, data, fonte, hotel, linhas, resumo, recebida_em)
      values ('listagem', v_escopo, v_data, v_fonte, v_hotel, v_total, v_resumo, v_agora)
      on conflict (tipo, escopo, data, fonte, resumo) do update set recebida_em = excluded.recebida_em;
    if v_simular then
      raise exception using errcode = 'RL001';
    end if;
    drop table rl_linha, rl_grupo, rl_reserva, rl_ficha, rl_destino, rl_mudou, rl_par, rl_gente;
    drop table if exists pg_temp.rl_falta;
  exception when sqlstate 'RL001' then
    null;
  end;
  end if;

  if v_recusa is not null then
    v_contas := '{}';
    v_faltaram := 0; v_sairam := 0; v_sumiram := 0; v_avisos := '{}';
  end if;
  return jsonb_build_object('recusa', v_recusa, 'recebidas', v_total, 'novas', 0, 'alteradas', 0, 'iguais', 0,
           'voltaram', 0, 'faltaram', v_faltaram, 'sairam', v_sairam, 'sumiram', v_sumiram, 'recusadas', v_recusadas,
           'avisos', to_jsonb(v_avisos), 'simulado', v_simular) || v_contas;
end $$;


-- Receives order lines. An order that is not in the list is not touched, and neither is any link.
create or replace function receber_ordens(
  linhas jsonb, data date, fonte text default null, simular boolean default false
) returns jsonb language plpgsql security definer set search_path = public, extensions, pg_temp
set jit = off set work_mem = '64MB' set statement_timeout = '5min' as $$
#variable_conflict use_column
declare
  v_linhas    constant jsonb := linhas;
  v_data      constant date := data;
  v_fonte     constant text := nullif(btrim(fonte), '');
  v_simular   constant boolean := coalesce(simular, false);
  v_agora     constant timestamptz := clock_timestamp();
  v_resumo    text;
  v_recusa    text;
  v_ultima    date;
  v_resumo_da_ultima text;
  v_total     integer := 0;
  v_recusadas jsonb := '[]';
  v_ruins     integer := 0;
  v_ignoradas integer := 0;
  v_novas     integer := 0;
  v_alteradas integer := 0;
  v_iguais    integer := 0;
begin
  perform pg_advisory_xact_lock(20260201);

  v_recusa := case
    when v_linhas is null or jsonb_typeof(v_linhas) <> 'array' then 'As linhas precisam vir numa lista JSON.'
    when v_data is null then 'Falta a data das ordens de serviço.'
    when v_data > (v_agora at time zone 'America/Sao_Paulo')::date + 1
      then format('A data %s ainda não chegou: confira o dia e o mês.', to_char(v_data, 'DD/MM/YYYY'))
    when exists (select from jsonb_array_elements(v_linhas) l where jsonb_typeof(l) <> 'object')
      then 'Cada linha precisa ser um objeto JSON.'
  end;
  if v_recusa is null then
    v_total := jsonb_array_length(v_linhas);
    v_resumo := to_hex(jsonb_hash_extended(v_linhas, 1)) || to_hex(jsonb_hash_extended(v_linhas, 2));
    select c.data, c.resumo into v_ultima, v_resumo_da_ultima from cargas_recebidas c
     where c.tipo = 'ordens' and c.fonte is not distinct from v_fonte order by c.data desc, c.recebida_em desc limit 1;
    v_recusa := case
      when v_ultima > v_data then format(
        'Estas ordens são de %s, e já há outras de %s: peça uma nova exportação.',
        to_char(v_data, 'DD/MM/YYYY'), to_char(v_ultima, 'DD/MM/YYYY'))
      when v_total > 0 and v_resumo_da_ultima <> v_resumo and exists (
        select from cargas_recebidas c where c.tipo = 'ordens' and c.resumo = v_resumo
           and c.fonte is not distinct from v_fonte)
        then 'Estas ordens já foram recebidas, e depois delas vieram outras mais novas: peça uma nova exportação.'
    end;
  end if;

  if v_recusa is null then
  begin
    drop table if exists pg_temp.ro_linha;
    create temp table ro_linha on commit drop as
    with bruta as materialized (
      select l.n::integer as n, nullif(btrim(l.number), '') as number, replace(btrim(l.opened), 'T', ' ') as opened,
             nullif(btrim(l.text), '') as texto, nullif(btrim(l.room), '') as room, nullif(btrim(l.guest), '') as guest,
             nullif(btrim(l.requester), '') as requester, nullif(btrim(l.phone), '') as phone,
             nullif(l.sector, '') as sector, nullif(l.status, '') as status,
             nullif(replace(btrim(l.closed), 'T', ' '), '') as closed, lower(coalesce(l."order", 'true')) <> 'false' as ordem
        from rows from (jsonb_to_recordset(v_linhas) as (
               number text, opened text, text text, room text, guest text, requester text, phone text, sector text,
               status text, closed text, "order" text)) with ordinality as l (
               number, opened, text, room, guest, requester, phone, sector, status, closed, "order", n)
    ), momento as materialized (
      select texto, case when texto ~ '^(19|20)\d\d-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01]) ([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$'
                    then case when substr(texto, 9, 2)::integer <= extract(day from
                      make_date(left(texto, 4)::integer, substr(texto, 6, 2)::integer, 1) + interval '1 month -1 day')
                    then texto::timestamp end end as hora
        from (select opened as texto from bruta union select closed from bruta) t where texto is not null
    )
    select b.n, b.texto, b.room, b.guest, b.requester, b.phone, b.sector, b.status,
           a.hora at time zone 'America/Sao_Paulo' as aberta, e.hora at time zone 'America/Sao_Paulo' as fechada,
           coalesce(b.number, 'sem-numero:' || left(md5(concat_ws('|', a.hora, lower(b.texto), b.room, b.requester)), 16)
             || case when b.number is null then coalesce('-' || nullif(row_number() over (
                  partition by b.number, a.hora, lower(b.texto), b.room, b.requester order by b.n), 1), '') end) as numero,
           case when b.texto is null then 'falta o texto'
                when a.hora is null then format('a abertura “%s” não é AAAA-MM-DD HH:MM', left(b.opened, 40))
                when a.hora::date > v_data + 1 then 'a abertura é depois da data da lista'
                when b.closed is not null and e.hora is null
                then format('o encerramento “%s” não é AAAA-MM-DD HH:MM', left(b.closed, 40))
                when e.hora < a.hora then 'o encerramento é antes da abertura'
                when b.sector not in ('manutencao', 'governanca', 'recepcao', 'receptivo', 'aeb', 'spa', 'achados', 'ti')
                then format('o setor “%s” não existe', left(b.sector, 40))
                when b.status not in ('aberta', 'em_andamento', 'aguardando', 'concluida', 'cancelada')
                then format('a situação “%s” não existe', left(b.status, 40))
                when b.number is not null and row_number() over (partition by b.number order by b.n desc) > 1
                then 'o número se repete numa linha mais abaixo'
           end as motivo
      from bruta b left join momento a on a.texto = b.opened left join momento e on e.texto = b.closed
     where b.ordem;
    v_ignoradas := v_total - (select count(*) from ro_linha);
    select count(*), coalesce(jsonb_agg(jsonb_build_object('linha', n, 'motivo', motivo) order by n), '[]')
      into v_ruins, v_recusadas from ro_linha where motivo is not null;
    v_recusa := case
      when v_ruins > 0 and v_ruins = v_total - v_ignoradas
        then 'Nenhuma linha serve: ' || (v_recusadas -> 0 ->> 'motivo') || '.'
      when v_ruins > 5 and v_ruins * 5 > v_total
        then format('%s de %s linhas não servem: %s.', v_ruins, v_total, v_recusadas -> 0 ->> 'motivo') end;
    if v_recusa is not null then
      raise exception using errcode = 'RL001';
    end if;
    analyze ro_linha;

    -- What the list does not say stays as it is; other blanks in the same text are no change.
    with alvo as (
      select o.id, case when o.descricao = l.texto
                          or regexp_replace(btrim(o.descricao), '\s+', ' ', 'g') = regexp_replace(l.texto, '\s+', ' ', 'g')
                        then o.descricao else l.texto end as descricao,
             l.aberta, coalesce(l.room, o.uh_texto) as uh, coalesce(l.guest, o.hospede_texto) as hospede,
             coalesce(l.requester, o.solicitante_texto) as solicitante, coalesce(l.phone, o.telefone_texto) as telefone,
             coalesce(l.sector, o.setor) as setor,
             coalesce(l.status, case when l.fechada is not null and o.status not in ('concluida', 'cancelada')
                                     then 'concluida' end, o.status) as status,
             coalesce(l.fechada, o.concluida_em) as fechada
        from ro_linha l join ordens_servico o on o.numero = l.numero where l.motivo is null
    ), u as (
      update ordens_servico o
         set descricao = a.descricao, aberta_em = a.aberta, uh_texto = a.uh, hospede_texto = a.hospede,
             solicitante_texto = a.solicitante, telefone_texto = a.telefone, setor = a.setor, status = a.status,
             concluida_em = a.fechada
        from alvo a
       where a.id = o.id
         and (o.descricao, o.aberta_em, o.uh_texto, o.hospede_texto, o.solicitante_texto, o.telefone_texto, o.setor,
              o.status, o.concluida_em)
             is distinct from
             (a.descricao, a.aberta, a.uh, a.hospede, a.solicitante, a.telefone, a.setor, a.status, a.fechada)
      returning o.id
    )
    select (select count(*) from u), (select count(*) from alvo) into v_alteradas, v_iguais;
    v_iguais := v_iguais - v_alteradas;
    with i as (
      insert into ordens_servico (numero, aberta_em, setor, status, uh_texto, hospede_texto, solicitante_texto,
                                  telefone_texto, descricao, concluida_em)
      select numero, aberta, coalesce(sector, 'recepcao'),
             coalesce(status, case when fechada is null then 'aberta' else 'concluida' end),
             room, guest, requester, phone, texto, fechada
        from ro_linha where motivo is null order by n
      on conflict (numero) do nothing
      returning id
    )
    select count(*) into v_novas from i;
    insert into cargas_recebidas (tipo, data, fonte, linhas, resumo, recebida_em)
      values ('ordens', v_data, v_fonte, v_total, v_resumo, v_agora)
      on conflict (tipo, escopo, data, fonte, resumo) do update set recebida_em = excluded.recebida_em;
    if v_simular then
      raise exception using errcode = 'RL001';
    end if;
    drop table ro_linha;
  exception when sqlstate 'RL001' then
    null;
  end;
  end if;

  return jsonb_build_object('recusa', v_recusa, 'recebidas', v_total, 'novas', v_novas, 'alteradas', v_alteradas,
           'iguais', v_iguais, 'ignoradas', v_ignoradas, 'recusadas', v_recusadas, 'avisos', '[]'::jsonb,
           'simulado', v_simular);
end $$;
