// Apart from the table, so that the part of the beacon that is in every snippet has the
// same bytes whatever the table's columns are called.

/** Version of the wire format: goes up when a position changes its meaning, which none may. */
export const wireVersion = 1;
