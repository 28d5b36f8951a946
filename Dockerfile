# Lookback at one commit, with the packages of requirements.txt, each by its hash. Built from what the commit has,
# not from the folder, which may have been edited since:
#   git archive HEAD | docker build --build-arg COMMIT=$(git rev-parse --short HEAD) \
#       --tag registry/lookback:$(git rev-parse HEAD | cut -c 1-12) -
FROM python:3.12-slim

WORKDIR /lookback
COPY requirements.txt .
RUN python -m pip install --no-cache-dir --require-hashes -r requirements.txt

# On GPUs or TPUs, jax's own plugin of the same version: --build-arg PLUGIN=cuda13, or tpu
ARG PLUGIN=
RUN if [ -n "$PLUGIN" ]; then \
        python -m pip install --no-cache-dir "jax[$PLUGIN]==$(python -c 'import jax; print(jax.__version__)')"; \
    fi

COPY LICENSE README.md pyproject.toml ./
COPY data data
COPY models models
COPY train train
COPY experiments experiments
RUN python -m pip install --no-cache-dir --no-deps --no-build-isolation --editable .

# Which commit that is: there is no .git here, and a record says by what code it was made.
ARG COMMIT
RUN test -n "$COMMIT"
ENV LOOKBACK_COMMIT=$COMMIT PYTHONUNBUFFERED=1

CMD ["lookback", "doctor"]
