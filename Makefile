# Every task is one of run.py's: `make test ARGS="-k prdc"` is `python3 run.py test -k prdc`.
PYTHON ?= python3

help:
	@$(PYTHON) run.py

demo test check docs bench format clean:
	@$(PYTHON) run.py $@ $(ARGS)

.PHONY: help demo test check docs bench format clean
