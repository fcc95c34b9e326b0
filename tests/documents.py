"""Documents that tests share, and texts that are hostile to whoever quotes badly."""

from hypothesis import strategies as st

# Asks for something of every kind of node.
SHOP = """# Order Desk

A small shop takes orders, prices them and tells its staff what was sold.

## Data model

### Order

| Field | Type | Required | Notes |
|---|---|---|---|
| order_id | uuid | yes | |
| customer_email | string | yes | |
| total | decimal | yes | in euro |
| status | string | yes | placed, paid, shipped |
| placed_at | datetime | no | |

## Functional requirements

### FR-1: Taking orders

- The system shall create an order.
- The total must be greater than 0 and at most 10000.
- The customer_email must be a valid email address.

### FR-2: Listing orders

The system shall list the orders of a customer, newest first.

### FR-3: Prices

The system shall calculate the total price from net price, fees and discount.

### FR-4: Life of an order

An order moves through these states: placed → paid → shipped.

### FR-5: Sales

The system shall count orders per customer_email.

### FR-6: Buying

The system shall coordinate the purchase: create the order, and confirm by mail.

## Non-functional requirements

- Answers within 200 ms
"""

HOSTILE = st.one_of(
    st.text(max_size=60),
    st.sampled_from(
        [
            '"""',
            "'''",
            "\\",
            "\\N{BULLET}",
            "{{ 7 * 7 }}",
            "{% raw %}",
            "{# x #}",
            "../../etc/passwd",
            "a\x00b",
            "class",
            "\n---\n- x: &a",
            "#!/bin/sh\n",
            "\u202eright to left",
            "عربي",
            "🎟️ ticket",
            "x" * 5000,
            "*/ --> ]]>",
            "%(name)s {0} $x `y`",
            "|",
            "\r\n\x85\u2028",
        ]
    ),
)

LINES = st.one_of(
    HOSTILE.map(lambda text: f"- The system shall store {text}"),
    HOSTILE.map(lambda text: f"## {text}"),
    HOSTILE.map(lambda text: f"| {text} | string | required |"),
    HOSTILE.map(lambda text: f"- `{text}`: uuid"),
    HOSTILE.map(lambda text: f"{text} -> paid -> {text} -> done"),
    st.sampled_from(SHOP.splitlines()),
    HOSTILE,
)
