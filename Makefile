# `make book` and `make test` set up .venv themselves; everything else runs inside it.

BIN := .venv/bin
INSTALLED := .venv/.installed
# One thread per process: tests and notebooks already run one process per core.
export OMP_NUM_THREADS ?= 1
export OPENBLAS_NUM_THREADS ?= 1

# A Chromium is looked for, and where there is none installed by apt; CHROMIUM=/path names another.
CHROMIUM ?=
AXE ?= .venv/lib/python3*/site-packages/axe_playwright_python/axe.min.js

.DEFAULT_GOAL := help
.PHONY: help book test browser pdf notebooks results simulations repeats planted open-records lock lint format serve clean bench

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# Set up again only when the lock file, the package's metadata or the set-up itself changes.
$(INSTALLED): requirements.lock pyproject.toml .ci/setup
	@.ci/setup

book: $(INSTALLED) ## run the analyses and build the book into _build/html
	@echo "Running the analyses: every verdict, compared with those kept in data/results ..."
	@$(BIN)/rairlib verdicts --check
	@echo "Building the book (notebooks are run where code, data or text changed) ..."
	@rm -rf _build/html # so that every build of a commit is the same, styles and scripts included
	@$(BIN)/jupyter-book build . --quiet -W -n --keep-going >/dev/null
	@echo "Done: open _build/html/index.html, or run make serve"

test: $(INSTALLED) lint ## run every test, every notebook and the linter
	@echo "Running the tests and, strictly compared, the notebooks ..."
	@$(BIN)/pytest --quiet -n 2 --dist loadscope --nbval --nbval-current-env \
	    --nbval-sanitize-with tests/nbval_sanitize.cfg tests book

browser: $(INSTALLED) _build/html/index.html ## read the built book in a browser, its calculator included
	@chromium="$$(.ci/chromium "$(CHROMIUM)")" && for subject in calculator learning pages; do \
	    $(BIN)/python tests/browser/check_$$subject.py --chromium "$$chromium" --axe $(AXE) || exit; \
	done

pdf: $(INSTALLED) _build/html/index.html ## print each study and the whole book into _build/pdf
	@chromium="$$(.ci/chromium "$(CHROMIUM)")" && $(BIN)/python .ci/print_pdf.py --chromium "$$chromium" $(KEY)

_build/html/index.html:
	@$(MAKE) --no-print-directory book

notebooks: $(INSTALLED) ## run all notebooks and store their outputs in place
	@$(BIN)/python .ci/run_notebooks.py

results: $(INSTALLED) ## compute verdicts, findings and the README's board anew
	@$(BIN)/python -m rairlib.verdicts.publish

simulations: $(INSTALLED) ## the same, after drawing the simulated cohorts anew
	@$(BIN)/python -m rairlib.studies.lakhdar2024.pages
	@$(BIN)/python -m rairlib.verdicts.publish --simulations

repeats: $(INSTALLED) ## repeat the studies 10,000 times anew, under each truth and at each size
	@$(BIN)/python -m rairlib.verdicts.publish --repeats

planted: $(INSTALLED) ## plant errors in known papers anew and count what the audit finds
	@$(BIN)/python -m benchmarks.planting --out data/results/planted_errors.csv
	@$(BIN)/python -m benchmarks.beside --out data/results/other_tools.csv

open-records: $(INSTALLED) ## try the method where the records are open: print, read without them, score
	@$(BIN)/python -m benchmarks.open_records --seed 2 --workers 2 --out data/results

lock: $(INSTALLED) ## pin what pyproject.toml asks for (UPGRADE=--upgrade: the newest versions)
	@$(BIN)/uv pip compile pyproject.toml --quiet $(UPGRADE) --all-extras --universal \
	    --python-version 3.11 --fork-strategy fewest --generate-hashes --no-header \
	    --no-annotate --no-emit-index-url --no-emit-find-links --output-file requirements.lock

lint: $(INSTALLED) ## check style and formatting
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet .

format: $(INSTALLED) ## correct style and formatting where that is automatic
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format .

serve: $(INSTALLED) ## show the built book at http://localhost:8000
	@$(BIN)/python -m http.server --directory _build/html 8000

bench: $(INSTALLED) ## time the compiled kernels against the programs they replace
	@for script in benchmarks/bench_*.py; do $(BIN)/python $$script; done

clean: ## remove everything that was built; .venv stays
	rm -rf _build build *.egg-info .pytest_cache .ruff_cache .hypothesis
