# syntax=docker/dockerfile:1
FROM python:3.11-slim AS build
WORKDIR /src
ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1
COPY requirements.lock pyproject.toml hatch_build.py README.md ./
COPY protos protos
COPY chassis chassis
COPY clinical clinical
COPY services services
COPY cli cli
# The lock also names tools; as constraints it pins what the package itself asks for.
RUN python -m venv /opt/haven \
 && /opt/haven/bin/pip install --constraint requirements.lock . \
 && /opt/haven/bin/pip uninstall --yes pip

FROM python:3.11-slim
COPY --from=build /opt/haven /opt/haven
ENV PATH=/opt/haven/bin:$PATH PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
USER 65532:65532
WORKDIR /tmp
# python -m services.<service>.<api|worker|relay>; `haven` for operators.
ENTRYPOINT ["python"]
CMD ["-m", "cli.main", "--help"]
