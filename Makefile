.PHONY: setup test demo bench chaos fuzz stop lint clean distclean

setup:
	@dev/run setup

test:
	@dev/run test_all $(ONLY)

demo:
	@dev/run demo $(ARGS)

bench:
	@dev/run bench $(ARGS)

chaos:
	@dev/run chaos $(ARGS)

fuzz:
	@dev/run fuzz $(ARGS)

stop:
	@dev/run clean --stop

lint:
	@dev/run lint

clean:
	@dev/run clean

distclean:
	@dev/run clean --cache
