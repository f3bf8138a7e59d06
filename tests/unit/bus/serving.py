"""A bus over a kernel in memory, as an App joins them. Read by: tests of the bus."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

from unit.modeling.deciding import deciding

from leftfold.bus.bus import Bus, Handling
from leftfold.bus.functions import Runner, free_function
from leftfold.bus.injection import Injector
from leftfold.bus.interceptors import Interceptor
from leftfold.bus.providing import Services
from leftfold.clock import Clock


@asynccontextmanager
async def serving(
    *parts: Any,
    provide: Mapping[type[Any], object] | None = None,
    intercept: Sequence[Interceptor] = (),
    clock: Clock | None = None,
    **options: Any,
) -> AsyncIterator[Bus]:
    """Run models and free functions; what the functions are given as Bus is the bus."""
    models = [part for part in parts if not hasattr(part, "__code__")]
    functions = [part for part in parts if hasattr(part, "__code__")]
    async with deciding(*models, clock=clock, **options) as kernel, AsyncExitStack() as stack:
        services = Services(provide or {})
        await services.open(stack)
        handlers: dict[Any, Handling] = {
            message: Handling(by=route, interceptors=intercept)
            for message, route in kernel.routes.items()
        }
        bus = Bus(
            name="bank",
            parts="Account, Notes",
            handlers=handlers,
            kernel=kernel.kernel,
            envoy=kernel.envoy,
            store=kernel.identity,
        )
        injector = Injector(services, [_Itself(lambda: bus)])
        for function in functions:
            compiled = free_function(function)
            for message in compiled.signature.messages:
                handlers[message] = Handling(by=Runner(compiled, injector), interceptors=intercept)
        yield bus


class _Itself:
    words = "Bus"

    def __init__(self, bus: Callable[[], Bus]) -> None:
        self._bus = bus

    def source(self, annotation: Any, **_options: Any) -> Any:
        return (lambda _call: self._bus()) if annotation is Bus else None
