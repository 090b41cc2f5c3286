"""Brazilian names, frequent ones first: they are drawn by rank, so that many guests share a name."""


def _words(text: str) -> list[str]:
    return text.split()


SURNAMES = _words(
    "Silva Santos Oliveira Souza Rodrigues Ferreira Alves Pereira Lima Gomes Costa Ribeiro Martins Carvalho Almeida "
    "Lopes Soares Fernandes Vieira Barbosa Rocha Dias Nascimento Andrade Moreira Nunes Marques Machado Mendes Freitas "
    "Cardoso Ramos Gonçalves Santana Teixeira Araújo Moraes Schmidt Müller Becker Weber Zimmermann Hoffmann Rossi "
    "Bianchi Ferrari Conti Nakamura Tanaka Kowalski Batista Xavier Assis Menezes Queiroz Sant'Anna D'Ávila"
)
FIRST_NAMES = {
    "M": _words(
        "José João Antônio Francisco Carlos Paulo Pedro Lucas Luiz Marcos Gabriel Rafael Daniel Marcelo Bruno Eduardo "
        "Felipe Rodrigo Thiago Fernando Leonardo Gustavo André Ricardo Fábio Sérgio Roberto Wellington Walter "
        "Washington Jefferson Luís Matheus Vinícius Diego Alexandre Sebastião Raimundo"
    ),
    "F": _words(
        "Maria Ana Francisca Antônia Adriana Juliana Márcia Fernanda Patrícia Aline Sandra Camila Amanda Bruna Jéssica "
        "Letícia Júlia Luciana Vanessa Mariana Gabriela Vera Larissa Cláudia Beatriz Rita Aparecida Sônia Renata "
        "Cristina Thaís Isabel Kelly Michele Geovana Helena Conceição Terezinha"
    ),
}
SECOND_NAMES = {
    "M": ["Carlos", "Henrique", "Augusto", "Roberto", "César", "Paulo", "Luiz", "Vitor", "Eduardo"],
    "F": [
        *("Clara", "Aparecida", "de Fátima", "Cristina", "Eduarda"),
        *("Paula", "das Graças", "Helena", "Lúcia", "de Lourdes"),
    ],
}
# Optional particles before surnames.
PARTICLES = {
    **dict.fromkeys(("Silva", "Costa", "Rocha"), "da"),
    **dict.fromkeys(("Santos", "Ramos"), "dos"),
    **dict.fromkeys(("Nascimento",), "do"),
    **dict.fromkeys(
        _words("Oliveira Souza Almeida Andrade Lima Carvalho Moraes Freitas Assis Menezes Araújo Queiroz"), "de"
    ),
}
# Suffixes with their weights.
SUFFIXES = {"Filho": 3, "Neto": 3, "Júnior": 4, "Sobrinho": 1, "Jr.": 1}

NICKNAMES = {
    "José": ["Zé", "Zezinho"],
    "João": ["Joãozinho"],
    "Antônio": ["Toninho", "Tonho"],
    "Francisco": ["Chico"],
    "Francisca": ["Chica"],
    "Aparecida": ["Cida"],
    "Fernanda": ["Fê", "Nanda"],
    "Gabriel": ["Biel"],
    "Gabriela": ["Gabi"],
    "Rafael": ["Rafa"],
    "Eduardo": ["Edu", "Dudu"],
    "Luiz": ["Lu"],
    "Luciana": ["Lu"],
    "Roberto": ["Beto"],
    "Carlos": ["Carlinhos", "Cacá"],
    "Patrícia": ["Paty"],
    "Juliana": ["Ju"],
    "Mariana": ["Mari"],
    "Beatriz": ["Bia"],
    "Isabel": ["Bel"],
    "Terezinha": ["Tetê"],
    "Conceição": ["Ceiça"],
    "Gustavo": ["Guga"],
    "Leonardo": ["Léo"],
    "Alexandre": ["Alê", "Xandão"],
    "Ricardo": ["Rico"],
    "Rodrigo": ["Digo"],
    "Felipe": ["Lipe"],
    "Camila": ["Mila"],
    "Adriana": ["Dri"],
    "Sebastião": ["Tião"],
    "Raimundo": ["Mundinho"],
    "Letícia": ["Lê"],
    "Larissa": ["Lari"],
    "Vanessa": ["Nessa"],
}
# Pairs of spelling variants.
TWINS = [
    *(("Thiago", "Tiago"), ("Luiz", "Luis"), ("Luís", "Luiz"), ("Felipe", "Phelipe"), ("Walter", "Valter")),
    *(("Wellington", "Uelinton"), ("Washington", "Uoshinton"), ("Matheus", "Mateus"), ("Kelly", "Keli")),
    *(("Thaís", "Tais"), ("Isabel", "Izabel"), ("Souza", "Sousa"), ("Moraes", "Morais"), ("Batista", "Baptista")),
    *(("Teixeira", "Texeira"), ("Queiroz", "Queirós"), ("Menezes", "Meneses"), ("Jéssica", "Gessica")),
    *(("Cristina", "Christina"), ("Geovana", "Giovanna"), ("Schmidt", "Chimit"), ("Müller", "Miller")),
    *(("Assis", "Acis"), ("Xavier", "Chavier"), ("Nakamura", "Nacamura"), ("Vinícius", "Vinicios")),
    *(("Zimmermann", "Zimerman"), ("Hoffmann", "Hofman")),
]
# Faker's locale, country, share of the foreign guests, prefix of mobile numbers.
ABROAD = [
    ("es_AR", "AR", 0.34, "+54 9 11 "),
    ("es_CL", "CL", 0.12, "+56 9 "),
    ("en_US", "US", 0.16, "+1 305 "),
    ("de_DE", "DE", 0.10, "+49 151 "),
    ("fr_FR", "FR", 0.08, "+33 6 "),
    ("it_IT", "IT", 0.08, "+39 333 "),
    ("es_ES", "ES", 0.06, "+34 6 "),
    ("pt_PT", "PT", 0.06, "+351 91 "),
]
AREA_CODES = (11, 21, 41, 48, 51, 31, 61, 71, 81)
