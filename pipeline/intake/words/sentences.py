"""Every sentence that this package shows to people, in Portuguese, in one place. The pure core has no translations."""

from typing import Final

# Refusals: one sentence what is wrong, one what to do.
EMPTY: Final = "O arquivo está vazio. Exporte a lista de novo e confira se ela tem linhas."
TOO_LARGE: Final = "O arquivo tem {size} MB e o limite é {limit} MB. Exporte só o período que interessa."
TOO_MANY_ROWS: Final = "O arquivo tem mais de {limit} linhas. Exporte só o período que interessa."
TOO_MANY_COLUMNS: Final = "O arquivo tem mais de {limit} colunas. Isto não parece uma lista de hóspedes ou de OS."
TOO_MANY_PAGES: Final = "O PDF tem mais de {limit} páginas. Exporte só o período que interessa."
LONG_CELL: Final = "A linha {row} tem um texto com mais de {limit} letras. Confira se o arquivo não está corrompido."
PICTURE: Final = "Isto é uma foto ou imagem. Envie a lista exportada do sistema: CSV, Excel, XML, PDF ou TXT."
UNKNOWN_FORMAT: Final = "Não conhecemos este tipo de arquivo. Envie CSV, Excel (XLSX ou XLS), XML, PDF ou TXT."
PLAIN_ZIP: Final = "Isto é um arquivo compactado. Abra o ZIP e envie o arquivo que está dentro."
OTHER_OFFICE: Final = "Isto é um documento de texto ou apresentação. Salve a lista como planilha Excel ou CSV."
LOCKED: Final = "O arquivo está protegido por senha. Salve uma cópia sem senha e envie a cópia."
ZIP_BOMB: Final = "A planilha se expande muito além do tamanho normal e não foi aberta. Exporte a lista de novo."
CUT: Final = "O arquivo está cortado ou corrompido ({where}). Exporte a lista de novo e espere o download terminar."
ENTITIES: Final = "O XML traz definições externas, que não abrimos por segurança. Exporte a lista de novo, sem DTD."
FORMULA: Final = (
    "A linha {row} traz uma fórmula ({column}). Cole só os valores e envie de novo; fórmulas não são executadas."
)
NO_PDF_READER: Final = "A leitura de PDF não está instalada neste servidor. Envie a lista em CSV ou Excel."
PDF_IMAGE: Final = "O PDF só tem imagens, sem texto. Exporte o relatório direto do sistema, sem digitalizar."
NO_TABLE: Final = "Não achamos nenhuma tabela com {wanted} neste arquivo. Confira se é a lista certa."
CHAT_AS_STAYS: Final = "Isto é uma conversa exportada, não uma lista de hóspedes. Conversas servem para OS."
NO_LINES: Final = "O arquivo não tem nenhuma linha de {wanted} que se possa ler. Confira se é a lista certa."
NO_DATES: Final = "Não achamos as colunas de chegada e saída. Exporte a lista com essas duas datas."
NO_OPENED: Final = "Não achamos a data de abertura das OS. Exporte a lista com a data."
WANTED: Final = {"stays": "hóspedes", "orders": "ordens de serviço"}

# Where a file was cut.
CUT_TEXT: Final = "o fim não está completo"
CUT_PAGES: Final = "só {found} de {total} páginas"
CUT_LETTER: Final = "a última letra está pela metade"
CUT_QUOTE: Final = "aspas abertas que não fecham"
CUT_XML: Final = "o XML não termina"
CUT_WORKBOOK: Final = "a planilha não abre"
CUT_PDF: Final = "o PDF não abre"

# Reasons of ignored lines.
BLANK: Final = "em branco"
HEADING: Final = "título do relatório"
HEADER: Final = "nomes das colunas"
TOTAL: Final = "total ou subtotal"
TRAILER: Final = "fim do relatório"
BAND: Final = "faixa: vale para as linhas seguintes"
BROKEN: Final = "continuação da linha anterior"
NO_NAME: Final = "sem nome de hóspede"
VACANT: Final = "quarto vago"
NO_STAY_DATES: Final = "sem chegada e saída"
BAD_DATE: Final = "data que não existe"
NO_TEXT: Final = "sem descrição"
NO_OPENING: Final = "sem data de abertura"
LAST_CUT: Final = "última linha, possivelmente cortada"
SYSTEM_MESSAGE: Final = "mensagem do aplicativo"
MEDIA: Final = "mídia sem texto"
DELETED: Final = "mensagem apagada"
NOT_A_TABLE: Final = "fora da tabela"

# Questions.
MONTHS: Final = (
    "janeiro",
    "fevereiro",
    "março",
    "abril",
    "maio",
    "junho",
    "julho",
    "agosto",
    "setembro",
    "outubro",
    "novembro",
    "dezembro",
)
ASK_DATE_ORDER: Final = "“{value}” é {readings}? As duas leituras servem para todas as datas do arquivo."
ASK_STATUS: Final = "O que quer dizer “{value}” na situação? Está em {lines}."
ASK_KIND: Final = "O arquivo é uma lista de hóspedes ou de ordens de serviço?"
ASK_LAST_LINE: Final = "O arquivo termina no meio da linha {row}, em “{value}”. Essa linha está inteira ou foi cortada?"
ASK_NO_HEADER: Final = "O arquivo não tem nomes de colunas. Na linha {row}, “{value}” é {field}?"
EFFECT_DATE: Final = "“{value}” é {day}"
EFFECT_EMPTY: Final = "a situação fica em branco em {lines}"
EFFECT_DATES: Final = "pelas datas das estadias"
EFFECT_CLOSED: Final = "todas têm data de encerramento"
ASK_SCOPE: Final = "Esta lista é a casa inteira? Só a casa inteira, dois dias seguidos, pode dar alguém como saído."
SUGGESTED_SCOPE: Final = {
    "chegadas": "todos chegam neste dia",
    "saidas": "todos saem neste dia",
    "casa": "todas as estadias incluem este dia",
}
LINES: Final = ("1 linha", "{count} linhas")
OPTION_YES: Final = "sim"
OPTION_NO: Final = "nao"
OPTIONS_DATE: Final = {"dmy": "dia-mes", "mdy": "mes-dia", "ymd": "ano-mes-dia"}
OPTION_WHOLE: Final = "inteira"
OPTION_CUT: Final = "cortada"
OPTION_EMPTY: Final = "vazio"

# Evidence: what was recognised, and why.
SAW_ENCODING: Final = "{name}: {why}"
SAW_SEPARATOR: Final = "“{separator}”: {lines} de {all} linhas dão {cells} colunas"
SAW_FIXED: Final = "colunas alinhadas por espaços"
SAW_HEADER: Final = "linha {row}: reconhecidas {known} de {all} colunas"
SAW_NO_HEADER: Final = "sem nomes de colunas; as colunas foram reconhecidas pelos valores"
SAW_COLUMN: Final = "“{header}” → {field}"
SAW_TOUCHED: Final = "sem data de abertura; vale “{header}”"
SAW_SHEETS: Final = "{names}: mesmas colunas, lidas em sequência"
SAW_DATE_ONLY_ONE: Final = "“{value}” só pode ser {order}"
SAW_DATE_STAYS: Final = "em {order}, toda chegada vem antes da saída; em outra ordem, {count} não"
SAW_DATE_NIGHTS: Final = "em {order}, as noites conferem em {count} linhas"
SAW_DATE_HOUSE: Final = "em {order}, {count} estadias incluem {day}; em outra ordem, {other}"
SAW_DATE_FUTURE: Final = "em outra ordem que {order}, {count} datas seriam depois de {day}"
SAW_DATE_RECENT: Final = "em {order}, a lista chega até {day}; em outra ordem, para mais de um mês antes"
SAW_DATE_SEQUENCE: Final = "em {order}, as linhas ficam em ordem de tempo"
SAW_DATE_LENGTH: Final = "em {order}, as estadias têm até {count} noites; em outra ordem, meses"
SAW_DATE_WINDOW: Final = "em outra ordem que {order}, {count} datas ficariam a mais de um ano de {day}"
SAW_DATE_OWN: Final = "o próprio arquivo escreve {day} como “{value}”"
SAW_DAY_OF_LIST: Final = "o dia da lista, {day}, vale para a coluna que falta"
SAW_DATE_ANSWER: Final = "respondido: {order}"
SAW_STATUS: Final = "“{value}” → {status}"
SAW_STATUS_SCOPE: Final = "o arquivo é a lista da casa: quem tem o dia na estadia está na casa"
SAW_STATUS_REAL: Final = "pelas datas reais de entrada e saída"
LEFT_OPEN: Final = "“{value}” ficou vazio em {lines}: não conhecemos"
SAW_SCOPE: Final = "{scope}: “{words}”"
SAW_ROOM_TYPE: Final = "a coluna traz quarto e tipo (“{value}”); o tipo foi separado"
SAW_ONLY_TYPES: Final = "a coluna só traz tipos de quarto (“{value}”), não quartos"
SAW_DAY: Final = "{day}: “{value}”"
SAW_NAMES: Final = {"last_first": "sobrenome, nome", "list": "várias pessoas na mesma célula", "plain": "como escrito"}
ORDER_NAMES: Final = {"dmy": "dia, mês, ano", "mdy": "mês, dia, ano", "ymd": "ano, mês, dia"}
SCOPE_NAMES: Final = {
    "house": "casa inteira",
    "arrivals": "só chegadas",
    "departures": "só saídas",
    "group": "só um grupo",
}
FIELD_NAMES: Final = {"name": "o nome do hóspede", "text": "a descrição da OS"}


def lines(count: int) -> str:
    """ "1 linha", "2 linhas"."""
    return LINES[count != 1].format(count=count)
