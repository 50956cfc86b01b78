"""What may stand on a lock screen, be overheard or lie in a mailbox: nothing that tells why.

clinical.md 6.4 [D]: no diagnosis, program type, group name, clinician specialty, score or name, in
English and Spanish. Words are refused by their stems, without regard to case and accents, so that a
translator cannot slip by an ending; what stays is a list short enough to be read by a human.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from jinja2 import TemplateError, meta

from services.notify.domain.wording import ENVIRONMENT, Form, Language, Template

# What templates may be filled with; none of it names a person, a place or a reason.
VARIABLES = frozenset({"code", "link", "minutes", "phone", "reference"})
LONGEST_VALUE = {
    "code": "123456",
    "link": f"https://messages.example/a/{'x' * 12}/{'x' * 27}",
    "minutes": "10",
    "phone": "+15555550100",
    "reference": "x" * 36,
}
# Stems: "depress" refuses depression and depressed; accents and case do not matter.
ENGLISH = (
    "abus addict admission admit alcohol anxi assess bipolar borderline bpd caseworker cbt clinic "
    "cohort counsel craving crisis cutting dbt depress detox diagnos discharg disorder doctor dose "
    "drink drug eating episode gad group harm haven health hospital inpatient intake intensive iop "
    "kill licens meditat medic mental mindful nurse opioid outpatient overdos panic patient php "
    "phq physician prescri program provider psych ptsd recover rehab relaps risk safe score screen "
    "session sober specialist substance suicid symptom therap trauma treat urge wellness withdrawal"
)
SPANISH = (
    "abuso adicc adict ansi autoles bebida consej consumo depen depres desintoxic droga enferm "
    "especialist episod grupo ingreso licenci matar muert opio paciente psico psiq puntaj puntuac "
    "recaida recuper riesgo salud sesion sobri sobredos social suicid sustancia terap trastorn "
    "tratamient"
)
TELLING = re.compile(rf"\b(?:{'|'.join((ENGLISH + ' ' + SPANISH).split())})\w*|\bcare\b")
TITLES = re.compile(r"\b(?:dr|dra|mr|mrs|ms|mx|prof|sr|sra|srta)\b\.?")
PLACEHOLDER = re.compile(r"\{\{.*?\}\}", re.DOTALL)
# A capital inside a sentence is a name, unless it is one of these.
CAPITALS = frozenset({"STOP", "START", "HELP"})
INSIDE = re.compile(r"(?<=[^\s.!?:;¡¿])\s+([A-ZÁÉÍÓÚÑ][\w'-]*)")

# One segment: septets of GSM 03.38, or UCS-2 as soon as one letter is outside of that alphabet.
GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
SEGMENT, WIDE_SEGMENT = 160, 70


def faults(template: Template) -> tuple[str, ...]:
    """Why the wording must not be published, each as "language channel: fault"; empty = it may."""
    named = template.variables | template.optional
    found = [f"{name}: not a variable of messages" for name in named - VARIABLES]
    for language, forms in sorted(template.forms.items()):
        for channel, form in sorted(forms.items()):
            place = f"{language} {channel}"
            found += [f"{place}: {fault}" for fault in _faults(form, channel, template)]
    found += [f"{Language.SPANISH} {channel}: missing" for channel in _untranslated(template)]
    return tuple(sorted(found))


def told_by(text: str) -> tuple[str, ...]:
    """The words of the text that tell something about who gets it."""
    plain = _plain(text)
    names = [name for name in INSIDE.findall(text) if name not in CAPITALS]
    return (*TELLING.findall(plain), *TITLES.findall(plain), *names)


def segments_exceeded(text: str) -> bool:
    """True for a text that a telephone gets in more than one piece."""
    return len(text) > (SEGMENT if set(text) <= GSM else WIDE_SEGMENT)


def _faults(form: Form, channel: str, template: Template) -> Iterator[str]:
    source = f"{form.subject}\n{form.body}"
    try:
        used = meta.find_undeclared_variables(ENVIRONMENT.parse(source))
    except TemplateError:
        yield "cannot be read"
        return
    yield from (
        f"{name} is unknown" for name in sorted(used - template.variables - template.optional)
    )
    if "{%" in source or "{#" in source:
        yield "statements are not for wordings"
    for part in (form.subject, form.body):
        yield from (f"{word!r} tells too much" for word in told_by(PLACEHOLDER.sub("x", part)))
    if channel == "sms" and segments_exceeded(_longest(form.body)):
        yield "longer than one text message"


def _longest(body: str) -> str:
    return PLACEHOLDER.sub(lambda found: LONGEST_VALUE.get(found.group().strip("{} "), ""), body)


def _untranslated(template: Template) -> Iterator[str]:
    """Channels with an English form only; first versions were mails in English."""
    if template.ref.version == 1 and set(template.forms) == {Language.ENGLISH}:
        return
    english, spanish = (template.forms.get(each, {}) for each in Language)
    yield from sorted(set(english) - set(spanish))


def _plain(text: str) -> str:
    """Lower case, without accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))
