.PHONY: setup test demo bench stop lint clean distclean

setup:
	@dev/run setup

test:
	@dev/run test_all $(ONLY)

demo:
	@dev/run demo $(ARGS)

bench:
	@dev/run bench $(ARGS)

stop:
	@dev/run clean --stop

lint:
	@dev/run lint

clean:
	@dev/run clean

distclean:
	@dev/run clean --cache
