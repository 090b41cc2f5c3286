"""Texts of requests by department."""

# Department -> its share, its texts.
REQUESTS: dict[str, tuple[float, list[str]]] = {
    "manutencao": (
        0.40,
        [
            *("ar condicionado não gela", "ar pingando", "chuveiro frio", "tv sem sinal", "cofre travado"),
            *("tomada sem energia", "vaso entupido", "fechadura c/ defeito", "wifi não conecta"),
            *("lâmpada queimada banheiro", "frigobar não gela"),
        ],
    ),
    "governanca": (
        0.30,
        [
            *("toalha extra", "travesseiro extra", "trocar roupa de cama", "limpeza não feita", "berço", "cobertor"),
            *("reposição frigobar", "cama extra", "não perturbe até 12h"),
        ],
    ),
    "recepcao": (
        0.08,
        ["segunda via chave", "late check-out 14h", "nota fiscal em nome da empresa", "acordar 5h30"],
    ),
    "receptivo": (
        0.10,
        ["transfer aeroporto 06h", "passeio de escuna 2 pax", "táxi 9h", "transfer in voo G3 1420"],
    ),
    "aeb": (
        0.07,
        ["café no quarto 7h", "alergia a camarão avisar cozinha", "bolo aniversário", "mesa p/ 4 no jantar"],
    ),
    "spa": (0.02, ["massagem 15h", "day spa casal"]),
    "achados": (0.03, ["carregador esquecido", "óculos esquecido", "roupa no armário"]),
}
SEEN_BY_STAFF = ["cortina solta", "mofo teto", "piso soltando", "porta raspando", "enxoval manchado"]
FOR_ARRIVAL = ["berço p/ chegada", "transfer in", "decoração lua de mel", "cama extra chegada"]
BY_THIRD_PARTIES = [
    "técnico Otis elevador social",
    "dedetização bloco B (Carlos da empresa)",
    "Sr. Marcos da Claro - rack TI",
    "entrega lavanderia - João motorista",
]
COMMON_AREAS = [
    "piscina azulejo solto",
    "academia esteira 2 parada",
    "lâmpada estacionamento",
    "restaurante ar barulho",
    "hall 4 andar carpete molhado",
]
STAFF = ["Neide", "Cleusa", "Rosângela", "Valdir", "Edson", "Marlene"]
