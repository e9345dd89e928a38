/** Whether the shown page was reached from another one: then its title takes the focus, so that it is read out. */
export const arrival = { fromPage: false };
