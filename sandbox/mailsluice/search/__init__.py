"""What a person types into the search box, as data: `parse` understands it, `matches` holds a message against it.

    invoice from:ada -subject:"out of office" (has:attachment OR larger:2m) newer:7d

Terms stand beside each other for AND, which may be written and binds tighter than `OR`; `-` or `!` before a term or a
parenthesis says not. Quotes keep blanks together. Pure: no SQL, no clock but the one that is given.
"""

from mailsluice.search.grammar import parse
from mailsluice.search.matching import Candidate, matches
from mailsluice.search.mistyped import doubts
from mailsluice.search.query import And, Node, Not, Or, Query, Term, terms_of

__all__ = ["And", "Candidate", "Node", "Not", "Or", "Query", "Term", "doubts", "matches", "parse", "terms_of"]
