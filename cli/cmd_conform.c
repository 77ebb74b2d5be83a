int cmd_conform(int a, char **b);
int cmd_conform(int a, char **b){(void)a;(void)b;return 2;}
