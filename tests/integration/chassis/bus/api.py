"""The consumer's api process: Deliver and nothing else."""

from chassis.rpc.main import Api, Parts, api_main
from chassis.settings import ProcessSettings
from tests.integration.chassis.bus.effects import Core


def assemble(parts: Parts[ProcessSettings]) -> Api:
    """Consumers, and no service of its own."""
    return Api([], consumers=Core(parts.process.store).consumers)


if __name__ == "__main__":
    api_main(ProcessSettings, "notify", assemble)
