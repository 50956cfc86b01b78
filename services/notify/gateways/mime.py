"""A mail in the form in which SMTP carries it."""

from __future__ import annotations

import re
from email.charset import QP, Charset
from email.header import Header
from email.message import Message
from email.mime.text import MIMEText
from email.utils import formataddr, formatdate
from typing import Any, cast

from chassis.errors import FailedPrecondition
from services.notify.ports import Mail

# Whatever anybody takes for the end of a line, and other signs that no header has.
BREAK = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029]")
LONGEST_LINE = 998  # RFC 5321 4.5.3.1.6
UTF_8 = Charset("utf-8")
UTF_8.body_encoding = QP  # so that people who look at a mail's source can read it


def mime(mail: Mail) -> Message:
    """The mail in the older of the library's two forms: the newer reads each header that it is
    given, and costs as much as all the rest of a mail's way through this process."""
    given = (mail.sender_name, mail.sender_address, mail.recipient_address, mail.subject)
    if any(BREAK.search(each) for each in (*given, mail.message_id)):
        text = "a sign in a header of the mail that none may have"
        raise FailedPrecondition("PROVIDER_REFUSED", text)
    domain = mail.sender_address.rpartition("@")[2]
    headers = {
        "From": formataddr((mail.sender_name, mail.sender_address)),
        "To": mail.recipient_address,
        "Subject": mail.subject,
        "Message-ID": f"<{mail.message_id}@{domain}>",
        "Date": formatdate(),
        "Auto-Submitted": "auto-generated",
    }
    # The library's stubs know neither a Charset here nor a Header there.
    is_plain = (
        mail.body.isascii() and max(map(len, mail.body.splitlines()), default=0) <= LONGEST_LINE
    )
    charset: Any = "us-ascii" if is_plain else UTF_8
    message: Any = MIMEText(mail.body, "plain", charset)
    for name, value in headers.items():
        message[name] = value if value.isascii() else Header(value, "utf-8")
    return cast(Message, message)
