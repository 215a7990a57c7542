# The service with a trained bundle inside. Train first (`make train`), then:
#   docker build -t frenkel .
#   docker run -p 3000:3000 -e FRENKEL_API_TOKEN=... frenkel
# TORCH_PIP_ARGS: pip arguments for torch alone, such as the index of a CPU build.
FROM python:3.11-slim

ARG TORCH_PIP_ARGS=""
ENV PIP_NO_CACHE_DIR=1 PYTHONUNBUFFERED=1 BENTOML_DO_NOT_TRACK=True MLFLOW_DISABLE_TELEMETRY=true
RUN useradd --create-home frenkel
WORKDIR /home/frenkel/app

# Requirements first: they change more rarely than the code.
COPY constraints.txt ./
RUN pip install ${TORCH_PIP_ARGS} -c constraints.txt torch
COPY pyproject.toml README.md LICENSE ./
COPY features ./features
COPY models ./models
COPY training ./training
COPY serving ./serving
RUN pip install -c constraints.txt .
COPY bundle ./bundle

USER frenkel
# The container's own network: put a token, or a proxy, before anything else can reach it.
ENV FRENKEL_HOST=0.0.0.0
EXPOSE 3000
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s CMD \
  ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:3000/readyz', timeout=4)"]
CMD ["frenkel", "serve"]
