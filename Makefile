# The commands of the project; `make help` lists them. Each sets up .venv first if that is needed.
PYTHON ?= python3
BIN := .venv/bin
SITE := _build/html
# Where PyTorch's CPU build lives, for Linux: make book TORCH_INDEX=https://download.pytorch.org/whl/cpu
TORCH_INDEX ?=

.DEFAULT_GOAL := help
.PHONY: help book test lab notebooks figures address mutants serve test-site lighthouse pdf clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.venv/installed: requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
ifneq ($(TORCH_INDEX),)
	$(BIN)/pip install --quiet --index-url $(TORCH_INDEX) "$$(grep '^torch==' requirements.txt)"
endif
	$(BIN)/pip install --quiet -r requirements.txt
	@touch $@

book: .venv/installed ## build the site into _build/html
	$(BIN)/jupyter-book build book --config _config.yml --path-output . -W -n --keep-going
	@echo "The book is built. Open $(SITE)/index.html, or run: make serve"

test: .venv/installed ## run all tests, every notebook, and prove every equation
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/pytest
	$(BIN)/pytest --nbval book
	$(BIN)/python -m texcheck book

lab: .venv/installed ## open the notebooks in JupyterLab
	$(BIN)/jupyter lab --notebook-dir=book

notebooks: .venv/installed ## run every notebook again and keep its new outputs
	$(BIN)/jupyter nbconvert --to notebook --execute --inplace \
		--ExecutePreprocessor.record_timing=False book/*/*.ipynb

figures: .venv/installed ## draw every figure again
	$(BIN)/python book/_figures/make.py

address: .venv/installed ## copy the repository's address from _config.yml into the notebooks
	$(BIN)/python book/_address/make.py

mutants: .venv/installed ## break every equation in small ways and count what texcheck refutes
	$(BIN)/python -m texcheck mutants book

serve: book ## build the site and serve it at http://localhost:8000
	$(BIN)/python -m http.server 8000 --bind 127.0.0.1 --directory $(SITE)

test-site: book ## drive a headless Chromium (or CHROMIUM=path) over the built site
	$(BIN)/pytest tests/site

lighthouse: book ## measure the built site for speed and accessibility (needs npm)
	npm ci --no-audit --no-fund
	npm run --silent lighthouse

pdf: book ## print the whole book to one PDF, which the site then links
	$(BIN)/python book/_pdf/make.py $(SITE)

clean: ## remove what was built (.venv stays; remove it by hand to start over)
	rm -rf _build
