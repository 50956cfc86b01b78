"""The wordings. A lock screen may be read by anybody: no names, no reasons, no program.

clinical.md 6.4: no diagnosis, program type, group name, specialty or score; neutral sender;
`lock_screen` refuses the rest. A published version is never edited: a new wording is a new version.
A text message fits into one segment: 160 characters of GSM 03.38, or 70 where one is outside of it.
"""

from __future__ import annotations

from types import MappingProxyType

from services.notify.domain.wording import Form, Forms, Language, Template, TemplateRef


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


def _of_an_appointment(id: str, english: str, spanish: str) -> Template:
    english_forms, spanish_forms = (
        _everywhere(subject=said, long=f"{said}. {details}\n", short=f"{said}. {app}")
        for said, details, app in (
            (english, "Please open the app for the details.", "Please open the app."),
            (spanish, "Abra la aplicación para ver los detalles.", "Abra la app."),
        )
    )
    return _in_both(id, 1, english_forms, spanish_forms)


def _first(id: str, form: Form, *variables: str) -> Template:
    """Of the time when there were only mails, in English; kept for messages of that time."""
    forms = {Language.ENGLISH: {"email": form}}
    return Template(TemplateRef(id, 1), frozenset(variables), MappingProxyType(forms))


PUBLISHED = (
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
        "person-waiting",
        1,
        _everywhere(
            subject="Somebody waits for you",
            long="Somebody is in the queue and waits. Please open the app now.\n",
            short="Somebody is in the queue and waits. Please open the app now.",
        ),
        _everywhere(
            subject="Alguien le espera",
            long="Alguien espera en la fila. Abra la aplicación ahora.\n",
            short="Alguien espera en la fila. Abra la app ahora.",
        ),
    ),
    _in_both(
        "cover-open",
        1,
        _everywhere(
            subject="The schedule needs you",
            long="Some hours have nobody yet. Please open the app and look at the schedule.\n",
            short="Some hours have nobody yet. Please open the app and look at the schedule.",
        ),
        _everywhere(
            subject="El horario le necesita",
            long="Hay horas sin nadie todavía. Abra la aplicación y vea el horario.\n",
            short="Hay horas sin nadie. Abra la app y vea el horario.",
        ),
    ),
    _in_both(
        "cover-closed",
        1,
        _everywhere(
            subject="The schedule has changed",
            long="Hours that had nobody are settled or over. There is nothing to do.\n",
            short="Hours that had nobody are settled or over. There is nothing to do.",
        ),
        _everywhere(
            subject="El horario ha cambiado",
            long="Las horas sin nadie se resolvieron o ya pasaron. No tiene que hacer nada.\n",
            short="Las horas sin nadie se resolvieron. No tiene que hacer nada.",
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
    _of_an_appointment("moved", "Your appointment has a new time", "Su cita tiene otra hora"),
    _of_an_appointment("canceled", "Your appointment was canceled", "Su cita fue cancelada"),
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
