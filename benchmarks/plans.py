"""Plans of any size, for the benchmarks of generation."""

from string import Template

from nodewright.planning.plan import Plan, plan_specification
from nodewright.spec.yaml_form import read

ENTITY = Template("""\
  Order$n:
    key: order_id
    fields:
      order_id: uuid
      name: text
      total: number
      count: integer
      placed_at: datetime?
      status: new | active | done
""")
MACHINE = Template("""\
  Order$n:
    field: status
    initial: new
    transitions:
    - {move: new -> active}
    - {move: active -> done}
""")
OPERATIONS = Template("""\
  create_order$n: {create: Order$n}
  read_order$n: {read: Order$n}
  update_order$n: {update: Order$n, fields: [name, total, count]}
  delete_order$n: {delete: Order$n}
  list_orders$n: {list: Order$n, order: [name]}
  price_order$n:
    compute:
      price: {is: number = total * count, places: 2}
    of: Order$n
  activate_order$n: {move: Order$n, to: active}
  complete_order$n: {move: Order$n, to: done}
  count_orders$n:
    aggregate: Order$n
    measures: {orders: count}
    group: {name: name}
  run_order$n:
    workflow:
      store:
        run: create_order$n
        given: {name: request.name, total: request.total, count: request.count}
      activate:
        run: activate_order$n
        given: {order_id: store.order_id}
      sum_up:
        run: count_orders$n
    inputs: {name: text, total: number, count: integer}
""")


def plan_of(nodes: int) -> Plan:
    """A plan with ``nodes`` nodes, a multiple of four: of each kind one for each entity."""
    numbers = range(nodes // 4)
    rooms = (("entities", ENTITY), ("machines", MACHINE), ("operations", OPERATIONS))
    parts = ["title: Shop\npackage: shop\ndescription: A shop.\n"]
    for room, template in rooms:
        parts += [f"{room}:\n", *(template.substitute(n=number) for number in numbers)]
    # Read unchecked: a person's specification has at most 2,000 operations.
    specification, _ = read("".join(parts))
    return plan_specification(specification)
