# The commands of the project; `make help` lists them. Each sets up .venv first if that is needed.
PYTHON ?= python3
BIN := .venv/bin
SITE := _build/html
# Where PyTorch's CPU build lives, for Linux: make book TORCH_INDEX=https://download.pytorch.org/whl/cpu
TORCH_INDEX ?=
PORT ?= 8000

.DEFAULT_GOAL := help
.PHONY: help book test lab notebooks notebook address mutants mutation bench figures serve test-site lighthouse pdf offline clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# The prover in the page needs two packages of npm; without npm the site is built without it.
PROVER := $(if $(shell command -v npm),node_modules/.package-lock.json)
node_modules/.package-lock.json: package-lock.json
	npm ci --no-audit --no-fund --omit=dev
	@touch $@

.venv/installed: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("The book needs Python 3.11 or newer, and $(PYTHON) is Python %d.%d. \
	Name another: make book PYTHON=python3.12" % sys.version_info[:2] if sys.version_info < (3, 11) else 0)'
	@echo "Setting up .venv. The first time, this fills 2 GB and takes some minutes."
	$(PYTHON) -m venv $$(test "$$($(BIN)/python -V 2>&1)" = "$$($(PYTHON) -V)" || echo --clear) .venv
ifneq ($(TORCH_INDEX),)
	$(BIN)/python -m pip install --quiet --index-url $(TORCH_INDEX) "$$(grep '^torch==' requirements.txt)"
endif
	$(BIN)/python -m pip install --quiet -r requirements.txt
	@touch $@

book: .venv/installed $(PROVER) ## build the site into _build/html (about a minute; seconds when little changed)
	$(BIN)/jupyter-book build book --config _config.yml --path-output . -W -n --keep-going
	@echo "The book is built. Open $(SITE)/index.html, or run: make serve"

test: .venv/installed ## run all tests, every notebook, and prove every equation (about nine minutes)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -n auto --dist worksteal
	$(BIN)/python -m pytest -n auto --dist loadfile --nbval book
	$(BIN)/python -m texcheck book

lab: .venv/installed ## open the notebooks in JupyterLab (in a container as root: LAB="--allow-root --ip=0.0.0.0")
	@test "$$(id -u)" != 0 || test -n "$(LAB)" || \
		{ echo 'JupyterLab does not start as root. In a container of yours: make lab LAB="--allow-root --ip=0.0.0.0"'; exit 1; }
	$(BIN)/python -m jupyterlab --notebook-dir=book $(LAB)

notebooks: .venv/installed ## run every notebook again and keep its new outputs (or one: ONLY=book/part/page_run.ipynb)
	$(BIN)/python book/_notebooks/make.py run $(ONLY)

notebook: .venv/installed ## add a notebook to a page: PAGE=regression/jacobians
	$(BIN)/python book/_notebooks/make.py new "$(PAGE)"

figures: .venv/installed ## draw every figure again
	$(BIN)/python book/_figures/make.py

address: .venv/installed ## correct the repository's address in _config.yml and copy the site's into the notebooks
	$(BIN)/python book/_notebooks/make.py address

mutants: .venv/installed ## break every equation in small ways and count what texcheck refutes
	$(BIN)/python -m texcheck mutants book

mutation: .venv/installed ## break handgrad in small ways and say which of these no test finds (needs fork: no Windows)
	$(BIN)/python tests/handgrad/mutation.py

bench: .venv/installed ## measure a step of SGD beside PyTorch and a plain NumPy script
	$(BIN)/python benchmarks/steps.py

serve: book ## build the site and serve it at http://localhost:8000 (or another: PORT=9000)
	@$(BIN)/python book/_serve/make.py $(SITE) "$(PORT)"

test-site: book ## drive a headless Chromium (or CHROMIUM=path) over the built site
	$(BIN)/python -m pytest -n auto --dist worksteal tests/site

lighthouse: book ## measure the built site for speed and accessibility (needs npm and Chromium)
	npm ci --no-audit --no-fund
	npm run --silent lighthouse

pdf: book ## print the whole book to one PDF, which the site then links
	$(BIN)/python book/_pdf/make.py $(SITE)

offline: book ## zip the whole site, which then links the zip
	$(BIN)/python book/_offline/make.py $(SITE)

clean: ## remove what was built (.venv and node_modules stay; remove them by hand to start over)
	rm -rf _build mutants
