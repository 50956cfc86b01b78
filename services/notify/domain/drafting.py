"""How wordings are put together, channel by channel and language by language."""

from __future__ import annotations

from types import MappingProxyType

from services.notify.domain.wording import Form, Forms, Language, Template, TemplateRef


def everywhere(*, subject: str, long: str, short: str, spoken: str = "") -> Forms:
    """A mail's long text; the short one on a telephone's screen, and spoken unless said else."""
    return {
        "email": Form(long, subject),
        "sms": Form(short),
        "voice": Form(spoken or short),
        "push": Form(short, subject),
        "webhook": Form(short, subject),
    }


def text(body: str) -> Forms:
    """A text message and nothing else."""
    return {"sms": Form(body)}


def in_both(id: str, version: int, english: Forms, spanish: Forms, *variables: str) -> Template:
    """A variable with a question mark may have no value."""
    forms = {Language.ENGLISH: english, Language.SPANISH: spanish}
    needed = frozenset(each for each in variables if not each.endswith("?"))
    optional = frozenset(each.rstrip("?") for each in variables) - needed
    return Template(TemplateRef(id, version), needed, MappingProxyType(forms), optional)


def of_an_appointment(id: str, english: str, spanish: str) -> Template:
    """A word about a session's time, that does not say which session."""
    english_forms, spanish_forms = (
        everywhere(subject=said, long=f"{said}. {details}\n", short=f"{said}. {app}")
        for said, details, app in (
            (english, "Please open the app for the details.", "Please open the app."),
            (spanish, "Abra la aplicación para ver los detalles.", "Abra la app."),
        )
    )
    return in_both(id, 1, english_forms, spanish_forms)


def first(id: str, form: Form, *variables: str) -> Template:
    """Of the time when there were only mails, in English; kept for messages of that time."""
    forms = {Language.ENGLISH: {"email": form}}
    return Template(TemplateRef(id, 1), frozenset(variables), MappingProxyType(forms))
