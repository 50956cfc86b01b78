"""Private servers for the local stack and the tests: loopback only, gone when we are."""

from cli.servers.mail import Mail, SmtpServer
from cli.servers.mongo import MongoServer
from cli.servers.provider import Mood, ProviderServer, Received, Side
from cli.servers.rabbit import RabbitServer

__all__ = [
    "Mail",
    "MongoServer",
    "Mood",
    "ProviderServer",
    "RabbitServer",
    "Received",
    "Side",
    "SmtpServer",
]
