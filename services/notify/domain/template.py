"""What messages say. A lock screen may be read by anybody: no names, no reasons, no program.

clinical.md 6.4: no diagnosis, program type, group name, specialty or score; neutral sender;
`lock_screen` refuses the rest. A published version is never edited: a new wording is a new version.
A text message fits into one segment: 160 characters of GSM 03.38, or 70 where one is outside of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from chassis.errors import FailedPrecondition
from services.notify.domain.wording import Form, Forms, Language, Template, TemplateRef

__all__ = [
    "ANSWERS", "CHOICES", "CODE", "HELP", "NOTHING_OPEN", "NUDGE", "OVERDUE", "PAGE", "RECORDED",
    "REMINDER", "RESUMED", "STOPPED", "SUPPORT", "TEMPLATES", "Template", "TemplateRef", "template",
]  # fmt: skip

# Staff: acknowledge a page. What may be replied or pressed is added by whoever carries it.
PAGE = TemplateRef("page", 3)
# Patients: a session began without them; a session is near.
NUDGE, REMINDER = TemplateRef("nudge", 2), TemplateRef("reminder", 1)
# Staff: something on their list is overdue.
OVERDUE = TemplateRef("overdue", 1)
# Proof that a contact point is its owner's.
CODE = TemplateRef("code", 1)
# Answers to texts: after STOP, HELP and START, and what anybody is told who may need a person now.
STOPPED, HELP = TemplateRef("stopped", 1), TemplateRef("help", 1)
RESUMED, SUPPORT = TemplateRef("resumed", 1), TemplateRef("support", 1)
# Answers to texts of staff: about their pages.
RECORDED, NOTHING_OPEN = TemplateRef("recorded", 1), TemplateRef("nothing-open", 1)
CHOICES = TemplateRef("choices", 1)
# Nobody gets one of these who has not just written.
ANSWERS = frozenset({STOPPED, HELP, RESUMED, SUPPORT, RECORDED, NOTHING_OPEN, CHOICES})


def _everywhere(*, subject: str, long: str, short: str, spoken: str = "") -> Forms:
    """A mail's long text; the short one on a telephone's screen, and spoken unless said else."""
    return {
        "email": Form(long, subject),
        "sms": Form(short),
        "voice": Form(spoken or short),
        "push": Form(short, subject),
        "webhook": Form(short, subject),
    }


def _text(body: str) -> Forms:
    return {"sms": Form(body)}


def _in_both(id: str, version: int, english: Forms, spanish: Forms, *variables: str) -> Template:
    """A variable with a question mark may have no value."""
    forms = {Language.ENGLISH: english, Language.SPANISH: spanish}
    needed = frozenset(each for each in variables if not each.endswith("?"))
    optional = frozenset(each.rstrip("?") for each in variables) - needed
    return Template(TemplateRef(id, version), needed, MappingProxyType(forms), optional)


def _first(id: str, form: Form, *variables: str) -> Template:
    """Of the time when there were only mails, in English; kept for messages of that time."""
    forms = {Language.ENGLISH: {"email": form}}
    return Template(TemplateRef(id, 1), frozenset(variables), MappingProxyType(forms))


_PUBLISHED = (
    _first(
        "page",
        Form(
            "You are being called. Please open the app and acknowledge now;\n"
            "otherwise the next person is called.\n"
            "\n"
            "Reference: {{ reference }}\n",
            "Please answer now",
        ),
        "reference",
    ),
    _in_both(
        "page",
        2,
        _everywhere(
            subject="Please answer now",
            long=(
                "You are being called. Please open the app and acknowledge now;\n"
                "otherwise the next person is called.\n"
                "\n"
                "Reference: {{ reference }}\n"
            ),
            short="Please open the app and acknowledge, or the next person is called.",
            spoken=(
                "You are being called. Please acknowledge now; otherwise the next person is called."
            ),
        ),
        _everywhere(
            subject="Responda ahora, por favor",
            long=(
                "Se le está llamando. Abra la aplicación y confirme ahora;\n"
                "de lo contrario se llamará a la siguiente persona.\n"
                "\n"
                "Referencia: {{ reference }}\n"
            ),
            short="Abra la app y confirme ahora; si no, se llama a la siguiente persona.",
            spoken=(
                "Se le está llamando. Confirme ahora; "
                "de lo contrario se llamará a la siguiente persona."
            ),
        ),
        "reference",
    ),
    _in_both(
        "page",
        3,
        _everywhere(
            subject="Please answer now",
            long=(
                "You are being called. Please open the app and acknowledge now;\n"
                "otherwise the next person is called.\n"
                "\n"
                "Reference: {{ reference }}\n"
                "\n"
                "{{ link }}\n"
            ),
            short="Please open the app and acknowledge, or the next person is called.",
            spoken=(
                "You are being called. Please acknowledge now; otherwise the next person is called."
            ),
        ),
        _everywhere(
            subject="Responda ahora, por favor",
            long=(
                "Se le está llamando. Abra la aplicación y confirme ahora;\n"
                "de lo contrario se llamará a la siguiente persona.\n"
                "\n"
                "Referencia: {{ reference }}\n"
                "\n"
                "{{ link }}\n"
            ),
            short="Abra la app y confirme ahora; si no, se llama a la siguiente persona.",
            spoken=(
                "Se le está llamando. Confirme ahora; "
                "de lo contrario se llamará a la siguiente persona."
            ),
        ),
        "reference",
        "link?",
    ),
    _first(
        "nudge",
        Form(
            "You have a new message. Please open the app when you can.\n", "You have a new message"
        ),
    ),
    _in_both(
        "nudge",
        2,
        _everywhere(
            subject="You have a new message",
            long="You have a new message. Please open the app when you can.\n",
            short="You have a new message. Please open the app when you can.",
        ),
        _everywhere(
            subject="Tiene un mensaje nuevo",
            long="Tiene un mensaje nuevo. Abra la aplicación cuando pueda.\n",
            short="Tiene un mensaje nuevo. Abra la app cuando pueda.",
        ),
    ),
    _in_both(
        "overdue",
        1,
        _everywhere(
            subject="Something waits for you",
            long="Something on your list is overdue. Please open the app today.\n",
            short="Something on your list is overdue. Please open the app today.",
        ),
        _everywhere(
            subject="Algo le espera",
            long="Algo de su lista ya venció. Abra la aplicación hoy.\n",
            short="Algo de su lista ya venció. Abra la app hoy.",
        ),
    ),
    _in_both(
        "reminder",
        1,
        _everywhere(
            subject="You have an appointment",
            long="You have an appointment coming up. Please open the app for the details.\n",
            short="You have an appointment coming up. Please open the app.",
        ),
        _everywhere(
            subject="Tiene una cita",
            long="Tiene una cita próxima. Abra la aplicación para ver los detalles.\n",
            short="Tiene una cita pronto. Abra la app.",
        ),
    ),
    _in_both(
        "code",
        1,
        _everywhere(
            subject="Your code",
            long=(
                "Your code is {{ code }}. It works for {{ minutes }} minutes.\n"
                "Nobody will ever ask you for it.\n"
            ),
            short="Your code is {{ code }}. It works for {{ minutes }} minutes.",
            spoken="Your code is {{ code | join(', ') }}. Again: {{ code | join(', ') }}.",
        ),
        _everywhere(
            subject="Su código",
            long=(
                "Su código es {{ code }}. Vale por {{ minutes }} minutos.\n"
                "Nadie se lo va a pedir nunca.\n"
            ),
            short="Su clave es {{ code }}. Vale por {{ minutes }} minutos.",
            spoken="Su código es {{ code | join(', ') }}. Otra vez: {{ code | join(', ') }}.",
        ),
        "code",
        "minutes",
    ),
    _in_both(
        "stopped",
        1,
        _text("You will get no more text messages from us. Reply START to get them again."),
        _text("No recibirá más mensajes. Responda START para volver a recibirlos."),
    ),
    _in_both(
        "help",
        1,
        _text(
            "Questions: {{ phone }}. Reply STOP to get no more texts. "
            "If you need help now, call or text 988, or call 911."
        ),
        _text(
            "Preguntas: {{ phone }}. Responda STOP para no recibir textos. "
            "Si necesita ayuda ahora, llame o escriba al 988, o llame al 911."
        ),
        "phone",
    ),
    _in_both(
        "resumed",
        1,
        _text("You will get text messages from us again. Reply STOP to end them."),
        _text("Le enviamos mensajes de texto otra vez. Responda STOP para terminar."),
    ),
    _in_both(
        "support",
        1,
        _text(
            "Nobody reads this number all the time. If you need help now, call or text 988, "
            "day or night, or call 911."
        ),
        _text(
            "Nadie lee estos mensajes todo el tiempo. Si necesita ayuda ahora, "
            "llame o escriba al 988 a toda hora, o llame al 911."
        ),
    ),
    _in_both(
        "recorded",
        1,
        _text("Thank you. Your answer was recorded."),
        _text("Gracias. Su respuesta queda registrada."),
    ),
    _in_both(
        "nothing-open",
        1,
        _text("Thank you. Nothing is waiting for your answer."),
        _text("Gracias. Nada espera su respuesta."),
    ),
    _in_both(
        "choices",
        1,
        _text("Reply 1 to take it, 2 if you cannot, 9 to call the next person now."),
        _text("Responda 1 si la toma, 2 si no puede, 9 para llamar ya a la siguiente persona."),
    ),
)

TEMPLATES: Mapping[TemplateRef, Template] = MappingProxyType(
    {each.ref: each for each in _PUBLISHED}
)


def template(ref: TemplateRef) -> Template:
    """The wording of that version; FailedPrecondition where this release does not know it."""
    if (found := TEMPLATES.get(ref)) is None:
        raise FailedPrecondition("TEMPLATE_UNKNOWN", "no such version of a template")
    return found
