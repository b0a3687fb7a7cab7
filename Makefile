# make study   set up .venv and run the main job (a rehearsal on a machine without a GPU)
# make test    set up .venv and run linters, type checks and tests
# make fuzz    try odd inputs on what reads them, 10 minutes for each of five readers: make fuzz SECONDS=60 for less
# make audit   ask PyPI for known vulnerabilities of what is installed (SECURITY.md)
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# A machine with an NVIDIA driver gets the index's own (CUDA) torch; any other gets the CPU build.
HAS_GPU := $(shell command -v nvidia-smi >/dev/null 2>&1 && nvidia-smi -L >/dev/null 2>&1 && echo yes)
CONSTRAINTS := $(if $(HAS_GPU),,-c constraints-cpu.txt)

.PHONY: study test fuzz audit
study: $(VENV)/.installed
	$(BIN)/python study/run.py --space arasaac_es.yaml

# Two processes suit two cores and 8 GB; make test TEST_PROCESSES=4 suits twice as much.
TEST_PROCESSES ?= 2
# The tests that need a browser (Chromium, Chrome or Edge) are skipped without one, and say so.
test: $(VENV)/.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	OMP_NUM_THREADS=1 $(BIN)/pytest -n $(TEST_PROCESSES) --dist loadfile --no-loadscope-reorder -m "not slow"

SECONDS ?= 600
fuzz: $(VENV)/.installed
	PYTHONPATH=tests $(BIN)/python -m fuzz --seconds $(SECONDS)

# Strict: a package that could not be looked up is no clean one. torch's +cpu is PyPI's torch built for the CPU.
audit: $(VENV)/.installed
	$(BIN)/pip freeze --exclude-editable | sed 's/+[a-z0-9.]*$$//' > $(VENV)/installed.txt
	$(BIN)/pip-audit --strict --disable-pip --no-deps --progress-spinner off -r $(VENV)/installed.txt

$(VENV)/.installed: pyproject.toml constraints-cpu.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet $(CONSTRAINTS) -e ".[dev]"
	touch $@
