"""The hotel's stay statuses, and what the screens call its columns: message ids, translated where they are shown."""

from enum import StrEnum

from django.utils.translation import gettext_noop


class StayStatus(StrEnum):
    """`listagem_hospedes.status`; `reservas.status` has the same values."""

    TO_BE_CONFIRMED = "a_confirmar"
    CONFIRMED = "confirmada"
    IN_HOUSE = "na_casa"
    DEPARTED = "saida"
    CANCELLED = "cancelada"
    NO_SHOW = "no_show"


LISTING = {
    "id": gettext_noop("Row"),
    "reserva_id": gettext_noop("Reservation id"),
    "hospede_id": gettext_noop("Guest id"),
    "num_reserva": gettext_noop("Reservation"),
    "localizador": gettext_noop("Booking code"),
    "grupo_codigo": gettext_noop("Group code"),
    "agencia": gettext_noop("Agency"),
    "empresa": gettext_noop("Company"),
    "nome_listagem": gettext_noop("Name in the listing"),
    "titular": gettext_noop("Main guest"),
    "status": gettext_noop("Status"),
    "uh": gettext_noop("Room"),
    "chegada": gettext_noop("Arrival"),
    "saida": gettext_noop("Departure"),
    "chegada_real": gettext_noop("Checked in"),
    "saida_real": gettext_noop("Checked out"),
    "nome": gettext_noop("Registered name"),
    "nome_social": gettext_noop("Social name"),
    "doc_tipo": gettext_noop("Kind of document"),
    "doc_hmac": gettext_noop("Document"),
    "doc_final": gettext_noop("End of the document"),
    "pais": gettext_noop("Country"),
    "menor": gettext_noop("Minor"),
    "incognito": gettext_noop("Incognito"),
    "telefone": gettext_noop("Phone"),
    "telefone_e164": gettext_noop("International phone"),
    "email": gettext_noop("E-mail"),
    "vip": gettext_noop("VIP"),
    # The hotel's own codes with their accents: data, the same in every language.
    "status=a_confirmar": "a confirmar",
    "status=no_show": "no-show",
    "status=saida": "saída",
}

ORDERS = {
    "id": gettext_noop("Row"),
    "numero": gettext_noop("Order"),
    "aberta_em": gettext_noop("Opened"),
    "origem": gettext_noop("Came by"),
    "setor": gettext_noop("Department"),
    "tipo": gettext_noop("Kind of order"),
    "prioridade": gettext_noop("Priority"),
    "status": gettext_noop("Status"),
    "local_tipo": gettext_noop("Place"),
    "uh_texto": gettext_noop("Room"),
    "hospede_texto": gettext_noop("Guest as typed"),
    "telefone_texto": gettext_noop("Phone as typed"),
    "solicitante_texto": gettext_noop("Asked for by"),
    "descricao": gettext_noop("Request"),
    "concluida_em": gettext_noop("Closed"),
    "status=concluida": "concluída",
    "setor=manutencao": "manutenção",
    "setor=governanca": "governança",
    "setor=recepcao": "recepção",
    "setor=aeb": "A&B",
    "setor=achados": "achados e perdidos",
    "setor=ti": "TI",
    "origem=recepcao": "recepção",
    "origem=governanca": "governança",
    "tipo=solicitacao": "solicitação",
    "tipo=reclamacao": "reclamação",
    "local_tipo=uh": "UH",
    "local_tipo=area_comum": "área comum",
}
