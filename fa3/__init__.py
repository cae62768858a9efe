"""FA(3) structured invoice as plain Python objects. Pure: standard library and lxml.

=================  =====================================================
``document``       the whole invoice: header, body, footer
``parties`` ...    its sections: ``parties``, ``annotations``, ``lines``,
                   ``corrections``, ``advances``, ``payment``, ``terms``,
                   ``transport``, ``attachment``
``structure``      how a field says which element it is
``kinds``          how a value becomes the text of an element, and back
``codes``          closed lists of FA(3): rates, kinds, roles, currencies
``view``           a document in Polish words, section by section
``view_page``      the same as HTML, to be read and printed
``text``           cleaning of texts
``writer``         document to bytes
``source``         bytes of anybody to XML, within bounds
``reader``         bytes to document
``checks``         XML rules and schema check of the bytes
``schema``         files of the official schema, checked and compiled
=================  =====================================================

A new element is one line in its section; writer and reader follow.
Schema: FA(3), version 1-0E, namespace in ``structure.NAMESPACE``.
"""
