"""
How long does a decision take, beside its limits and its peers?

In:   the built-in list and rules. 430 inputs, each a row id and a channel (215 rows x 2 channels); no act, one date.
Out:  one table, microseconds per decision, and one line per claim; with --json the same as a file.

    limits   a dict that knows every answer; the same with a pydantic model in and out
    assign   takes division, item and channel; returns the whole decision, from its memory (warm) or built anew
    peers    are given the facts of each input (meaning, named, act, ruling) and the same rules, and return the bare
             assignee; each as its own documentation advises for speed, its rules compiled once, untimed

Before anything is timed, every contestant's answers are compared with ours: on the 430 inputs, and the peers' on every
combination of facts, too. One difference, and the run ends with an error.

    new      every row, channel and act (27,950) on a warm desk, in chance order, on each of five days: no question asked before

Contestants take turns: each round times every one of them over all inputs, as often as fills SAMPLE seconds, starting
with another one each round; garbage is collected before each sample, and the collector stays on. The table shows the
median over the rounds; a ratio is taken within each round, and its median shown.

    python bench/decide.py [--rounds 11] [--json FILE]
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from importlib.metadata import version
from itertools import count
from pathlib import Path
from random import Random
from statistics import median
from time import perf_counter
from typing import Any, Final, NamedTuple

from pydantic import BaseModel

from assign import Desk, __version__
from assign.decision.durable import DurableEngine
from assign.errors import EngineMissing
from assign.rules.entries import DOMAIN, Facts, Rule, every_fact
from assign.rules.model import RuleSet
from assign.words import Assignee

ON: Final = date(2026, 4, 1)
SAMPLE: Final = 0.05  # seconds
WARM: Final = "assign warm"
TIMES: Final = 3  # the claim
AT_MOST: Final = {"remembered": 5, "new": 100}  # microseconds
Answer = Callable[[Any], Any]  # one input → an assignee, or what has one
FactsAnswer = Callable[[dict[str, str]], str]
NOTES: Final = """
from memory:  the desk was asked the same before and remembers the decision. No peer has a memory; with one before it
              (functools.lru_cache) a peer would be about as fast.
built anew:   a desk is opened before each sample, and asked each input once. Untimed: reading the files, registering
              the rules with durable-rules, making pydantic's classes. Timed: everything else.
bare outcome: row and channel become facts each time; the rule of each combination of facts is remembered.
"""


class Contestant(NamedTuple):
    """`given` are the inputs as `answer` takes them. `anew` makes another `answer` before each sample, untimed."""

    name: str
    version: str
    returns: str
    given: Sequence[Any]
    answer: Answer
    anew: Callable[[], Answer] | None = None


# -- limits ------------------------------------------------------------------------------------------------------------


class Asked(BaseModel):
    """The smallest request that says the same."""

    row: str
    channel: str


class Answered(Asked):
    """And the smallest answer."""

    assignee: Assignee


def limits(inputs: Sequence[tuple[str, str]], assignees: Sequence[Assignee]) -> list[Contestant]:
    known = dict(zip(inputs, assignees, strict=True))

    def modelled(given: tuple[str, str]) -> Answered:
        asked = Asked(row=given[0], channel=given[1])
        return Answered(row=asked.row, channel=asked.channel, assignee=known[asked.row, asked.channel])

    python, pydantic = platform.python_version(), version("pydantic")
    return [
        Contestant("dict lookup", python, "assignee", inputs, lambda given: known[given]),
        Contestant("dict + pydantic in and out", pydantic, "row, channel, assignee", inputs, modelled),
    ]


# -- ours --------------------------------------------------------------------------------------------------------------


def ours(desk: Desk) -> list[Contestant]:
    tasks = [(task, channel) for task in desk.catalog.tasks for channel in desk.catalog.manifest.channels]
    words = [(task.division, task.item, channel) for task, channel in tasks]

    def decide_at(one: Desk) -> Answer:
        decide = one.decide
        return lambda given: decide(division=given[0], item=given[1], channel=given[2], on=ON)

    def today(given: tuple[str, str, str]) -> Any:
        return desk.decide(division=given[0], item=given[1], channel=given[2])

    bare = desk.decider.decide
    return [
        Contestant(WARM, __version__, "whole decision, from memory", words, decide_at(desk)),
        Contestant(f"{WARM}, `on` absent", __version__, "whole decision, from memory", words, today),
        Contestant(
            "assign first time",
            __version__,
            "whole decision, built anew",
            words,
            decide_at(Desk.open()),
            anew=lambda: decide_at(Desk.open()),
        ),
        Contestant(
            "assign bare outcome", __version__, "rule, assignee, certainty", tasks, lambda given: bare(*given, None, ON)
        ),
    ]


def new_questions(days: int = 5) -> float:
    """Microseconds for a question that a warm desk was never asked: the median over the days, the first of which makes what acts share."""
    desk, chance = Desk.open(), Random(1)
    desk.decide(row="nenkin-24", channel="counter", on=ON)
    asked = [
        (task.division, task.item, channel, act)
        for task in desk.catalog.tasks
        for channel in desk.catalog.manifest.channels
        for act in (None, *desk.rules.acts)
    ]
    taken = []
    for day in range(1, days + 1):
        chance.shuffle(asked)
        on = ON + timedelta(day)
        gc.collect()
        begin = perf_counter()
        for division, item, channel, act in asked:
            desk.decide(division=division, item=item, channel=channel, act=act, on=on)
        taken.append((perf_counter() - begin) / len(asked) * 1e6)
    print(f"new questions, each of {days} days: {', '.join(f'{us:.1f}' for us in taken)} us")
    return median(taken)


# -- peers -------------------------------------------------------------------------------------------------------------


def business_rules(rules: Sequence[Rule]) -> FactsAnswer:
    """Its README: variables and actions as classes, rules as data, `run_all` that stops on the first that holds."""
    from business_rules import run_all
    from business_rules.actions import BaseActions, rule_action
    from business_rules.fields import FIELD_TEXT
    from business_rules.variables import BaseVariables, string_rule_variable

    class Variables(BaseVariables):
        def __init__(self, facts: dict[str, str]) -> None:
            self.facts = facts

        @string_rule_variable()
        def meaning(self) -> str:
            return self.facts["meaning"]

        @string_rule_variable()
        def named(self) -> str:
            return self.facts["named"]

        @string_rule_variable()
        def act(self) -> str:
            return self.facts["act"]

        @string_rule_variable()
        def ruling(self) -> str:
            return self.facts["ruling"]

    class Actions(BaseActions):
        assignee = ""

        @rule_action(params={"assignee": FIELD_TEXT})
        def assign(self, assignee: str) -> None:
            self.assignee = assignee

    def condition(name: str, values: Sequence[str]) -> dict[str, Any]:
        equal = [{"name": name, "operator": "equal_to", "value": str(value)} for value in values]
        return {"any": equal} if equal[1:] else equal[0]

    compiled = [
        {
            "conditions": {"all": [condition(*entry) for entry in rule.when.items()]},
            "actions": [{"name": "assign", "params": {"assignee": str(rule.assignee)}}],
        }
        for rule in rules
    ]

    def answer(facts: dict[str, str]) -> str:
        actions = Actions()
        run_all(compiled, Variables(facts), actions, stop_on_first_trigger=True)
        return actions.assignee

    return answer


def rule_engine(rules: Sequence[Rule]) -> FactsAnswer:
    """
    Its documentation: a `Chain` returns the value of the first rule that matches.

    (`or` is faster than `in`, and symbols without types are faster than with them.)
    """
    from rule_engine import Chain

    def condition(name: str, values: Sequence[str]) -> str:
        return "(" + " or ".join(f'{name} == "{value}"' for value in values) + ")"

    entries = [(" and ".join(condition(*entry) for entry in rule.when.items()), str(rule.assignee)) for rule in rules]
    return Chain(entries).evaluate


def clipspy(rules: Sequence[Rule]) -> FactsAnswer:
    """
    Its documentation: template and rules built once; the slots of a fact are modified, and the agenda is run.

    A fact asserted and retracted for each decision is never freed (1.0.6: `Fact.__del__` hides a TypeError), and every
    decision takes longer than the one before. An id makes the same facts match anew.
    """
    from clips import Environment, Symbol

    environment = Environment()
    slots = " ".join(f"(slot {name} (type SYMBOL))" for name in DOMAIN)
    environment.build(f"(deftemplate request (slot id (type INTEGER)) {slots})")
    environment.build("(defglobal ?*assignee* = nil)")
    for rule in rules:
        pattern = " ".join(f"({name} {'|'.join(values)})" for name, values in rule.when.items())
        environment.build(f"(defrule {rule.id} (request {pattern}) => (bind ?*assignee* {rule.assignee}))")
    request, assignee, ids = (
        environment.find_template("request").assert_fact(),
        environment.find_global("assignee"),
        count(),
    )

    def answer(facts: dict[str, str]) -> str:
        request.modify_slots(id=next(ids), **{name: Symbol(value) for name, value in facts.items()})
        fired = environment.run()
        if fired != 1:
            raise ValueError(f"{fired} rules hold for {facts}")
        return str(assignee.value)

    return answer


def zen_engine(rules: Sequence[Rule]) -> FactsAnswer:
    """Its documentation: a loader of `ZenDecisionContent`, compiled once, "provides optimal performance"."""
    from zen import ZenDecisionContent, ZenEngine

    compiled = ZenDecisionContent(_graph(rules))
    evaluate = ZenEngine({"loader": lambda _key: compiled}).evaluate
    return lambda facts: evaluate("legend", facts)["result"]["assignee"]


def zen_engine_first(rules: Sequence[Rule]) -> FactsAnswer:
    """The first lines of its README: a decision made once of the same table. Many times slower, so it is no peer here."""
    from zen import ZenEngine

    evaluate = ZenEngine().create_decision(_graph(rules)).evaluate
    return lambda facts: evaluate(facts)["result"]["assignee"]


def _graph(rules: Sequence[Rule]) -> str:
    """The rules as a decision table of zen-engine."""

    def column(name: str) -> dict[str, str]:
        return {"id": name, "name": name, "field": name}

    def row(rule: Rule) -> dict[str, str]:
        cells = {name: ", ".join(json.dumps(str(value)) for value in rule.when.get(name, ())) for name in DOMAIN}
        return {"_id": rule.id, **cells, "assignee": json.dumps(str(rule.assignee))}

    table = {
        "hitPolicy": "first",
        "inputs": [column(name) for name in DOMAIN],
        "outputs": [column("assignee")],
        "rules": [row(rule) for rule in rules],
    }
    nodes = [("in", "inputNode", {}), ("table", "decisionTableNode", table), ("out", "outputNode", {})]
    return json.dumps(
        {
            "nodes": [
                {"id": name, "type": kind, "name": name, "position": {"x": 0, "y": 0}, "content": content}
                for name, kind, content in nodes
            ],
            "edges": [
                {"id": f"{one}-{two}", "type": "edge", "sourceId": one, "targetId": two}
                for one, two in (("in", "table"), ("table", "out"))
            ],
        }
    )


def cedarpy(rules: Sequence[Rule]) -> FactsAnswer:
    """
    Its README, "Reusing parsed policies for performance".

    It knows allow and deny alone: the id of the policy that allows says the rule.
    """
    from cedarpy import Entities, PolicySet, is_authorized

    def condition(name: str, values: Sequence[str]) -> str:
        return "(" + " || ".join(f'context.{name} == "{value}"' for value in values) + ")"

    policies = PolicySet.from_str(
        "\n".join(
            f'@id("{rule.id}") permit (principal, action, resource) '
            f"when {{ {' && '.join(condition(*entry) for entry in rule.when.items())} }};"
            for rule in rules
        )
    )
    entities = Entities.from_json_str("[]")
    assignees = {rule.id: str(rule.assignee) for rule in rules}
    who = {"principal": 'Clerk::"clerk"', "action": 'Action::"ask"', "resource": 'Work::"work"'}

    def answer(facts: dict[str, str]) -> str:
        result = is_authorized({**who, "context": facts}, policies, entities)
        (rule_id,) = result.diagnostics.id_annotations_by_reason.values()
        return assignees[rule_id]

    return answer


def regopy(rules: Sequence[Rule]) -> FactsAnswer:
    """
    Its documentation: a module is built into a `Bundle`, which is queried by entry point.

    (A chain of `else` is faster than rules side by side.)
    """
    from regopy import Interpreter

    def body(rule: Rule) -> str:
        conditions = "; ".join(f"input.{name} in {json.dumps(list(values))}" for name, values in rule.when.items())
        return f'assignee := "{rule.assignee}" if {{ {conditions} }}'

    chain = " else := ".join(body(rule).removeprefix("assignee := ") for rule in rules)
    builder = Interpreter()
    builder.add_module("legend", f"package legend\nassignee := {chain}\n")
    bundle = builder.build(None, ["legend/assignee"])
    interpreter = Interpreter()

    def answer(facts: dict[str, str]) -> str:
        interpreter.set_input(facts)
        return str(interpreter.query_bundle_entrypoint(bundle, "legend/assignee")[0][0])

    return answer


def spiffworkflow(rules: Sequence[Rule]) -> FactsAnswer:
    """
    Its documentation: a DMN table, parsed once, and evaluated by a business rule task of a workflow.

    The task alone is timed, as its engine sees it; a workflow around it takes longer. Its cells are Python expressions.
    """
    from types import SimpleNamespace
    from xml.sax.saxutils import escape

    from SpiffWorkflow.bpmn.script_engine import PythonScriptEngine
    from SpiffWorkflow.dmn.parser import BpmnDmnParser

    def cell(kind: str, at: str, text: str) -> str:
        return f'<{kind} id="{at}"><text>{escape(text)}</text></{kind}>'

    def condition(values: Sequence[str]) -> str:
        return f"? in {tuple(map(str, values))!r}" if values[1:] else repr(str(values[0]))

    inputs = "".join(
        f'<input id="{name}" label="{name}"><inputExpression id="{name}_of" typeRef="string"><text>{name}</text>'
        "</inputExpression></input>"
        for name in DOMAIN
    )
    lines = "".join(
        f'<rule id="{rule.id}">'
        + "".join(
            cell("inputEntry", f"{rule.id}_{name}", condition(rule.when[name]) if name in rule.when else "-")
            for name in DOMAIN
        )
        + cell("outputEntry", f"{rule.id}_then", repr(str(rule.assignee)))
        + "</rule>"
        for rule in rules
    )
    parser = BpmnDmnParser()
    parser.add_dmn_str(
        '<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="assign" name="assign" namespace="assign">'
        f'<decision id="legend" name="legend"><decisionTable id="table" hitPolicy="UNIQUE">{inputs}'
        f'<output id="assignee" label="assignee" name="assignee" typeRef="string"/>{lines}</decisionTable></decision>'
        "</definitions>"
    )
    result = parser.get_engine("legend", None).result
    workflow = SimpleNamespace(script_engine=PythonScriptEngine())
    return lambda facts: result(SimpleNamespace(data=facts, workflow=workflow))["assignee"]


PEERS: Final = {
    "business-rules": business_rules,
    "rule-engine": rule_engine,
    "clipspy": clipspy,
    "zen-engine": zen_engine,
    "cedarpy": cedarpy,
    "regopy": regopy,
    "SpiffWorkflow": spiffworkflow,
}


def durable_rules(rules: RuleSet) -> Callable[[Facts], Assignee]:
    """Itself, by the safe recipe of `assign.decision.durable`, without a memory. Raises EngineMissing."""
    holds = DurableEngine(rules).holds

    def answer(facts: Facts) -> Assignee:
        (rule_id,) = holds(facts)
        return rules.by_id[rule_id].assignee

    return answer


def peers(desk: Desk, facts: Sequence[Facts]) -> list[Contestant]:
    """Each peer with the facts of the inputs, after it has answered for the whole domain of facts as we do."""
    found: list[Contestant] = []
    given = [plain(fact) for fact in facts]
    for name, compiled in PEERS.items():
        answer = compiled(desk.rules.rules)
        agree(name, list(every_fact()), desk.decider.outcome, lambda fact, answer=answer: answer(plain(fact)))
        found.append(Contestant(name, version(name), "assignee", given, answer))
    try:
        raw = durable_rules(desk.rules)
    except EngineMissing as error:
        print(f"durable-rules is left out: {error}")
    else:
        agree("durable-rules", list(every_fact()), desk.decider.outcome, raw)
        found.append(Contestant("durable-rules, raw", version("durable-rules"), "assignee", facts, raw))
    return found


def plain(facts: Facts) -> dict[str, str]:
    return {name: str(value) for name, value in zip(facts._fields, facts, strict=True)}


# -- the contest -------------------------------------------------------------------------------------------------------


def agree(name: str, given: Sequence[Any], wanted: Answer, answer: Answer) -> None:
    """Both give the same assignee for everything given; or the run ends here."""
    for one in given:
        want, got = wanted(one).assignee, answer(one)
        if getattr(got, "assignee", got) != want:
            raise SystemExit(f"{name} answers {got!r} where assign answers {want!r}: {one}")


def seconds(contestant: Contestant, passes: int) -> float:
    """Answering every input, `passes` times over."""
    answer = contestant.anew() if contestant.anew else contestant.answer
    given = contestant.given
    gc.collect()
    begin = perf_counter()
    for _ in range(passes):
        for one in given:
            answer(one)
    return perf_counter() - begin


def contest(contestants: Sequence[Contestant], rounds: int) -> dict[str, list[float]]:
    """Microseconds per decision of each contestant in each round."""
    passes = {
        one.name: 1 if one.anew else max(1, round(SAMPLE / min(seconds(one, 1) for _ in range(3))))
        for one in contestants
    }  # which warms them up, too
    taken: dict[str, list[float]] = {one.name: [] for one in contestants}
    for turn in range(rounds):
        first = turn % len(contestants)
        for one in (*contestants[first:], *contestants[:first]):
            times = passes[one.name]
            taken[one.name].append(seconds(one, times) / times / len(one.given) * 1e6)
    return taken


def times_as_long(one: Sequence[float], other: Sequence[float]) -> float:
    """The ratio within a round, which a busy machine hardly changes; its median."""
    return median(mine / yours for mine, yours in zip(one, other, strict=True))


def main() -> None:
    parser = argparse.ArgumentParser(description="How long does a decision take, beside its limits and its peers?")
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--json", type=Path, metavar="FILE")
    options = parser.parse_args()

    desk = Desk.open()
    own = ours(desk)
    inputs = [(task.id, channel) for task in desk.catalog.tasks for channel in desk.catalog.manifest.channels]
    wanted = [own[0].answer(given) for given in own[0].given]
    facts = [
        desk.decider.facts(task, channel, None, ON)
        for task in desk.catalog.tasks
        for channel in desk.catalog.manifest.channels
    ]
    rivals = peers(desk, facts)
    contestants = [*limits(inputs, [decision.assignee for decision in wanted]), *own, *rivals]
    for one in contestants:
        right = iter(wanted)
        agree(one.name, one.given, lambda _given, right=right: next(right), one.answer)

    begin = perf_counter()
    taken = contest(contestants, options.rounds)
    middle = {name: median(figures) for name, figures in taken.items()}

    print(f"Python {platform.python_version()}, {desk.engine}; {len(inputs)} inputs, {options.rounds} rounds")
    print(f"answers equal on all inputs, peers' on all {len(list(every_fact()))} combinations of facts\n")
    form = "{:<28} {:>8} {:>11} {:>20} {:>9}  {}"
    print(form.format("contestant", "version", "us/decision", "min..max", "x warm", "returns"))
    rows = []
    for one in contestants:
        low, high, ratio = min(taken[one.name]), max(taken[one.name]), times_as_long(taken[one.name], taken[WARM])
        spread = f"{low:.2f}..{high:.2f}"
        print(form.format(one.name, one.version, f"{middle[one.name]:.2f}", spread, f"{ratio:.2f}", one.returns))
        figures = {"us": middle[one.name], "min": low, "max": high, "ratio_to_warm": ratio}
        rows.append({"name": one.name, "version": one.version, **figures, "returns": one.returns})
    print(NOTES)

    limits_kept = []
    for name, us in (("remembered", middle[WARM]), ("new", new_questions())):
        most = AT_MOST[name]
        limits_kept.append({"name": name, "us": us, "at_most": most, "holds": us <= most})
        print(f"a {name} decision: at most {most} us: {'yes' if us <= most else 'no'} ({us:.1f} us)")
    claims = []
    for one in own:
        margin, slowest = min((times_as_long(taken[rival.name], taken[one.name]), rival.name) for rival in rivals)
        claims.append({"name": one.name, "margin": margin, "peer": slowest, "holds": margin >= TIMES})
        says = "yes" if margin >= TIMES else "no"
        print(
            f"{one.name}: at least {TIMES}x faster than every peer: {says} (slowest margin: {margin:.2f}x, {slowest})"
        )
    print(f"({perf_counter() - begin:.0f} s)")
    if options.json:
        about = {"python": platform.python_version(), "engine": desk.engine, "rounds": options.rounds}
        whole = {**about, "inputs": len(inputs), "contestants": rows, "limits": limits_kept, "claims": claims}
        options.json.write_text(json.dumps(whole, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
