"""The wordings. A lock screen may be read by anybody: no names, no reasons, no program.

clinical.md 6.4: no diagnosis, program type, group name, specialty or score; neutral sender;
`lock_screen` refuses the rest. A published version is never edited: a new wording is a new version.
A text message fits into one segment: 160 characters of GSM 03.38, or 70 where one is outside of it.
"""

from __future__ import annotations

from services.notify.domain.drafting import everywhere, first, in_both, of_an_appointment, text
from services.notify.domain.wording import Form

PUBLISHED = (
    first(
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
    in_both(
        "page",
        2,
        everywhere(
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
        everywhere(
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
    in_both(
        "page",
        3,
        everywhere(
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
        everywhere(
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
    first(
        "nudge",
        Form(
            "You have a new message. Please open the app when you can.\n", "You have a new message"
        ),
    ),
    in_both(
        "nudge",
        2,
        everywhere(
            subject="You have a new message",
            long="You have a new message. Please open the app when you can.\n",
            short="You have a new message. Please open the app when you can.",
        ),
        everywhere(
            subject="Tiene un mensaje nuevo",
            long="Tiene un mensaje nuevo. Abra la aplicación cuando pueda.\n",
            short="Tiene un mensaje nuevo. Abra la app cuando pueda.",
        ),
    ),
    in_both(
        "overdue",
        1,
        everywhere(
            subject="Something waits for you",
            long="Something on your list is overdue. Please open the app today.\n",
            short="Something on your list is overdue. Please open the app today.",
        ),
        everywhere(
            subject="Algo le espera",
            long="Algo de su lista ya venció. Abra la aplicación hoy.\n",
            short="Algo de su lista ya venció. Abra la app hoy.",
        ),
    ),
    in_both(
        "task",
        1,
        everywhere(
            subject="Something waits for you",
            long="Something waits for you. Please open the app when you can.\n",
            short="Something waits for you. Please open the app when you can.",
        ),
        everywhere(
            subject="Algo le espera",
            long="Algo le espera. Abra la aplicación cuando pueda.\n",
            short="Algo le espera. Abra la app cuando pueda.",
        ),
    ),
    in_both(
        "person-waiting",
        1,
        everywhere(
            subject="Somebody waits for you",
            long="Somebody is in the queue and waits. Please open the app now.\n",
            short="Somebody is in the queue and waits. Please open the app now.",
        ),
        everywhere(
            subject="Alguien le espera",
            long="Alguien espera en la fila. Abra la aplicación ahora.\n",
            short="Alguien espera en la fila. Abra la app ahora.",
        ),
    ),
    in_both(
        "room-waiting",
        1,
        everywhere(
            subject="Somebody is needed",
            long="A room waits for somebody who leads it. Please open the app now.\n",
            short="A room waits for somebody who leads it. Please open the app now.",
        ),
        everywhere(
            subject="Se necesita a alguien",
            long="Una sala espera a alguien que la dirija. Abra la aplicación ahora.\n",
            short="Una sala espera a alguien que la dirija. Abra la app ahora.",
        ),
    ),
    in_both(
        "cover-open",
        1,
        everywhere(
            subject="The schedule needs you",
            long="Some hours have nobody yet. Please open the app and look at the schedule.\n",
            short="Some hours have nobody yet. Please open the app and look at the schedule.",
        ),
        everywhere(
            subject="El horario le necesita",
            long="Hay horas sin nadie todavía. Abra la aplicación y vea el horario.\n",
            short="Hay horas sin nadie. Abra la app y vea el horario.",
        ),
    ),
    in_both(
        "cover-closed",
        1,
        everywhere(
            subject="The schedule has changed",
            long="Hours that had nobody are settled or over. There is nothing to do.\n",
            short="Hours that had nobody are settled or over. There is nothing to do.",
        ),
        everywhere(
            subject="El horario ha cambiado",
            long="Las horas sin nadie se resolvieron o ya pasaron. No tiene que hacer nada.\n",
            short="Las horas sin nadie se resolvieron. No tiene que hacer nada.",
        ),
    ),
    in_both(
        "reminder",
        1,
        everywhere(
            subject="You have an appointment",
            long="You have an appointment coming up. Please open the app for the details.\n",
            short="You have an appointment coming up. Please open the app.",
        ),
        everywhere(
            subject="Tiene una cita",
            long="Tiene una cita próxima. Abra la aplicación para ver los detalles.\n",
            short="Tiene una cita pronto. Abra la app.",
        ),
    ),
    of_an_appointment("moved", "Your appointment has a new time", "Su cita tiene otra hora"),
    of_an_appointment("canceled", "Your appointment was canceled", "Su cita fue cancelada"),
    in_both(
        "code",
        1,
        everywhere(
            subject="Your code",
            long=(
                "Your code is {{ code }}. It works for {{ minutes }} minutes.\n"
                "Nobody will ever ask you for it.\n"
            ),
            short="Your code is {{ code }}. It works for {{ minutes }} minutes.",
            spoken="Your code is {{ code | join(', ') }}. Again: {{ code | join(', ') }}.",
        ),
        everywhere(
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
    in_both(
        "stopped",
        1,
        text("You will get no more text messages from us. Reply START to get them again."),
        text("No recibirá más mensajes. Responda START para volver a recibirlos."),
    ),
    in_both(
        "help",
        1,
        text(
            "Questions: {{ phone }}. Reply STOP to get no more texts. "
            "If you need help now, call or text 988, or call 911."
        ),
        text(
            "Preguntas: {{ phone }}. Responda STOP para no recibir textos. "
            "Si necesita ayuda ahora, llame o escriba al 988, o llame al 911."
        ),
        "phone",
    ),
    in_both(
        "resumed",
        1,
        text("You will get text messages from us again. Reply STOP to end them."),
        text("Le enviamos mensajes de texto otra vez. Responda STOP para terminar."),
    ),
    in_both(
        "support",
        1,
        text(
            "Nobody reads this number all the time. If you need help now, call or text 988, "
            "day or night, or call 911."
        ),
        text(
            "Nadie lee estos mensajes todo el tiempo. Si necesita ayuda ahora, "
            "llame o escriba al 988 a toda hora, o llame al 911."
        ),
    ),
    in_both(
        "recorded",
        1,
        text("Thank you. Your answer was recorded."),
        text("Gracias. Su respuesta queda registrada."),
    ),
    in_both(
        "nothing-open",
        1,
        text("Thank you. Nothing is waiting for your answer."),
        text("Gracias. Nada espera su respuesta."),
    ),
    in_both(
        "choices",
        1,
        text("Reply 1 to take it, 2 if you cannot, 9 to call the next person now."),
        text("Responda 1 si la toma, 2 si no puede, 9 para llamar ya a la siguiente persona."),
    ),
)
